"""Where the book states the checked facts of the source lectures, and which wrong values it must never repeat."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass

from cs_cnn.account import Account, account
from cs_cnn.layers import output_size
from cs_cnn.zoo import history


@dataclass(frozen=True)
class Stated:
    """A fact, where it stands, and its numbers.

    Without `computed` the numbers stand in `says` themselves; with it, `says` is the code or the glue that prints
    them, and the test computes them anew.
    """

    fact: str
    page: str
    says: str
    numbers: tuple[float, ...]
    computed: Callable[[], tuple[float, ...]] | None = None


@functools.cache
def net(name: str, **options: str) -> Account:
    """Return the account of a net of the zoo, counted once."""
    return account(name, **options)


def weights_of(name: str, *layers: str) -> int:
    """Add up the weights of some layers."""
    return sum(row.weights for row in net(name).rows if row.name.split(".")[0] in layers)


def errors(*names: str) -> Callable[[], tuple[float, ...]]:
    """Return the top-1 errors of single networks, ten crops, as the book's table has them."""

    def found() -> tuple[float, ...]:
        top1 = {r.name: r.top1 for r in history.results("single", protocol="10 crops")}
        return tuple(float(top1[name] or 0) for name in names)

    return found


def winners(*years: int) -> Callable[[], tuple[float, ...]]:
    """Return the top-5 errors of the challenge's winners, without extra data."""
    return lambda: tuple(
        round(float(r.top5 or 0), 2) for r in history.winners(extra_data=False) if r.year in years
    )


def modules() -> int:
    """Count GoogLeNet's modules."""
    return len({row.name.split(".")[0] for row in net("googlenet").rows if row.name.startswith("inception")})


CONVOLUTION, VGG, ALEXNET = "convolution/convolution", "architectures/vgg", "architectures/alexnet"
GOOGLENET, RESNET, IMAGENET = "architectures/googlenet", "architectures/resnet", "architectures/imagenet"
SIZES = "(7, 3, 1, 0), (7, 3, 2, 0), (7, 3, 3, 0), (7, 3, 1, 1),"

STATED = [
    Stated("F003", CONVOLUTION, "an image of shape (3, 32, 32) into six feature maps, (6, 28, 28)", (32, 28)),
    Stated("F004", CONVOLUTION, "- text: 760, and $(10, 32, 32)$", (760, 10, 32)),
    Stated("F004", CONVOLUTION, "$3 \\cdot 25 + 1 = 76$ parameters", (76,)),
    Stated("F005", CONVOLUTION, "$32 + 4 - 5 + 1 = 32$", (32,)),
    Stated("F006", CONVOLUTION, SIZES, (5,), lambda: (output_size(7, 3),)),
    Stated("F007", CONVOLUTION, SIZES, (3,), lambda: (output_size(7, 3, stride=2),)),
    Stated("F008", CONVOLUTION, SIZES, (2.33,), lambda: (round((7 - 3) / 3 + 1, 2),)),
    Stated("F009", CONVOLUTION, SIZES, (7,), lambda: (output_size(7, 3, pad=1),)),
    Stated("F010", CONVOLUTION, "(32, 5, 1, 2), (32, 3, 1, 1),", (2, 1), lambda: (5 // 2, 3 // 2)),
    Stated("F011", CONVOLUTION, "a map shrinks at every layer: 32, 28, 24", (32, 28, 24)),
    Stated("F013", "foundations/linear_classifiers", "$32 \\cdot 32 \\cdot 3 = 3072$", (3072,)),
    Stated("F016", CONVOLUTION, "$10^6 \\times 10^6 = 10^{12}$", (1e12,), lambda: (1e6 * 1e6,)),
    Stated("F021", "foundations/two_layer_networks", "The net 3-4-4-1", (3, 4, 1)),
    Stated("F022", "foundations/linear_classifiers", "class 0 is where $1 \\le r \\le 2$", (1, 2)),
    Stated("F023", "foundations/activation_functions", "$a = 0.1$ in our lectures", (0.1,)),
    Stated("F025", "foundations/perceptron", "$20 \\times 20 = 400$ cadmium sulfide photocells", (20, 400)),
    Stated("F028", "training/initialisation", "`0.01 * randn`", (0.01,)),
    Stated("F034", "training/optimizers", "10 times for 0.9 and 100 times for 0.99", (10, 100, 0.9, 0.99)),
    Stated("F035", "training/optimizers", "\\beta_1 &= 0.9, \\; \\beta_2 = 0.999", (0.9, 0.999)),
    Stated(
        "F037", "training/dropout", "count = 2**4096", (1233,), lambda: (math.floor(math.log10(2**4096)),)
    ),
    Stated("F038", "training/learning_rates", "in a loop of 100 trials", (100,)),
    Stated("F038", "training/learning_rates", "`lr = 10**uniform(-3, -6)`", (3, 6)),
    Stated("F039", "training/learning_rates", "[0.412, 1.405206e-04, 4.793564e-01]", (0.412, 1.405206e-4)),
    Stated("F040", "foundations/two_layer_networks", "has 500 lines with eight features", (500,)),
    Stated("F040", "foundations/two_layer_networks", "the first 400 lines are for training", (400,)),
    Stated("F043", IMAGENET, "all are roundings of 1,281,167", (1281167,)),
    Stated("F044", IMAGENET, "$256 \\times 256$ is what AlexNet's authors cut them down to", (256,)),
    Stated("F047", IMAGENET, "| Pascal VOC 2012 {cite}`everingham2010` | 11,530 | 20 |", (11530, 20)),
    Stated("F050", IMAGENET, "the human error of 5.1%", (5.1,)),
    Stated("F051", "architectures/lenet5", "32 → 28 → 14 → 10 → 5 → 1", (32, 28, 14, 10, 5, 1)),
    Stated(
        "F053",
        ALEXNET,
        "{glue:text}`alexnet-one`",
        (62378344,),
        lambda: (net("alexnet", variant="lecture").parameters,),
    ),
    Stated(
        "F053",
        ALEXNET,
        "{glue:text}`alexnet-two`",
        (60965224,),
        lambda: (net("alexnet", variant="paper").parameters,),
    ),
    Stated("F054", ALEXNET, "For maps of $55 \\times 55$", (55,), lambda: (output_size(227, 11, stride=4),)),
    Stated("F055", ALEXNET, "which rounds to 61 million", (61,)),
    Stated(
        "F057",
        ALEXNET,
        "It had eight layers",
        (8,),
        lambda: (sum(row.weights > 0 for row in net("alexnet").rows),),
    ),
    Stated("F060", ALEXNET, "7 networks: 18.2 → 15.4%", (7, 18.2, 15.4)),
    Stated("F061", ALEXNET, "the paper's own single network has 18.2%", (18.2,)),
    Stated("F062", ALEXNET, "\\underbrace{16{,}781{,}312}_{\\text{fc7}}", (16781312,)),
    Stated("F062", ALEXNET, '(): 18.1, ("fc7",): 18.4', (18.1, 18.4)),
    Stated("F063", ALEXNET, "= 49{,}414{,}144", (49414144,)),
    Stated("F063", ALEXNET, '("fc6", "fc7"): 22.4', (22.4,)),
    Stated("F064", ALEXNET, '("conv3", "conv4"): 22.1', (22.1,)),
    Stated("F065", ALEXNET, '("conv3", "conv4", "fc6", "fc7"): 50.1', (50.1,)),
    Stated("F067", VGG, "in millions, 133, 133, 133, 134, 138 and 144", (133, 134, 138, 144)),
    Stated("F067", VGG, "- text: 138,357,544", (138357544,), lambda: (net("vgg16").parameters,)),
    Stated("F069", VGG, "{glue:text}`vgg-values`", (15237608,), lambda: (net("vgg16").total.activations,)),
    Stated("F070", VGG, "138,344,128 weights", (138344128,), lambda: (net("vgg16").total.weights,)),
    Stated(
        "F071",
        VGG,
        "{glue:text}`vgg-dense`",
        (89.4,),
        lambda: (round(100 * weights_of("vgg16", "fc6", "fc7", "fc8") / net("vgg16").total.weights, 1),),
    ),
    Stated(
        "F074",
        VGG,
        "three fully connected layers of 4096, 4096 and 1000",
        (3,),
        lambda: (sum(row.kind == "affine" for row in net("vgg16").rows),),
    ),
    Stated("F075", VGG, "$3 + 2 = 5$ pixels across. Three see 7", (3, 2, 5, 7)),
    Stated(
        "F076",
        VGG,
        "= 27\\,C^2 \\quad\\text{against}\\quad 7 \\cdot 7 \\cdot C \\cdot C = 49\\,C^2",
        (27, 49),
    ),
    Stated("F076", VGG, "{glue:text}`vgg-more`", (81,), lambda: (math.floor(100 * (49 / 27 - 1)),)),
    Stated("F077", VGG, "| A-LRN | 256 | 29.7 | 10.5 |", (256, 29.7, 10.5)),
    Stated("F077", VGG, "| D | 256 to 512 | 25.6 | 8.1 |", (256, 512, 25.6, 8.1)),
    Stated("F078", IMAGENET, "| 89.3 | 92.3 ± 0.5 | 85.1 ± 0.3 |", (89.3, 92.3, 85.1)),
    Stated("F079", GOOGLENET, "9408$ weights", (9408,)),
    Stated(
        "F081",
        GOOGLENET,
        "{glue:text}`googlenet-against-alexnet`",
        (8.7,),
        lambda: (round(net("alexnet", variant="paper").parameters / net("googlenet").parameters, 1),),
    ),
    Stated(
        "F082",
        GOOGLENET,
        "{glue:text}`googlenet-parameters`",
        (6998552,),
        lambda: (net("googlenet").parameters,),
    ),
    Stated(
        "F083",
        GOOGLENET,
        "{glue:text}`googlenet-work`",
        (1.583,),
        lambda: (round(net("googlenet").multiply_adds / 1e9, 3),),
    ),
    Stated("F084", GOOGLENET, "A short stem, nine modules, a mean over each map", (9,), lambda: (modules(),)),
    Stated("F087", IMAGENET, "prints 6.67 and 6.66 for GoogLeNet", (6.67, 6.66)),
    Stated("F088", IMAGENET, "16.4, 11.7, 6.7, 3.6, 3.0", (16.4, 11.7)),
    Stated("F089", IMAGENET, "16.4, 11.7, 6.7, 3.6, 3.0", (16.42, 2.99), winners(2012, 2016)),
    Stated("F090", RESNET, "{18: 1.8, 34: 3.6, 50: 3.8, 101: 7.6, 152: 11.3}", (18, 34, 50, 101, 152)),
    Stated("F091", RESNET, "depth_ratio = 152 / 19", (8,), lambda: (152 / 19,)),
    Stated("F092", RESNET, "25.03, 24.52, 24.19 for A, B, C", (25.03,), errors("ResNet-34 A")),
    Stated("F093", RESNET, "25.03, 24.52, 24.19 for A, B, C", (25.03, 24.52, 24.19)),
    Stated(
        "F097", "architectures/resnets_as_ensembles", "ResNet 110 = ensembles of 10–34 layer", (110, 10, 34)
    ),
    Stated("F100", "architectures/resnets_as_ensembles", "With $n$ blocks there are $2^n$ **paths**", (2,)),
    Stated(
        "F102",
        "architectures/mobilenet",
        "{glue:text}`mobilenet-weights`",
        (4209088,),
        lambda: (net("mobilenet").under("lectures").parameters,),
    ),
    Stated(
        "F102",
        "architectures/mobilenet",
        "{glue:text}`mobilenet-madds`",
        (568740352,),
        lambda: (net("mobilenet").multiply_adds,),
    ),
    Stated("F106", "convolution/separable", "np.array([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]])", (1, 0, 2)),
    Stated("F108", "beyond/detection", "one row of $5B + C$ numbers", (5,)),
    Stated("F112", "architectures/which_network", "~2.6× improvement in 3 years", (2.6, 3)),
    Stated(
        "F113", "architectures/which_network", "it counts 13 + 3, 49 + 1 and 151 + 1", (13, 3, 49, 1, 151)
    ),
    Stated("F114", "foundations/history", "1957, 1969, 1976, 1980, 1986, 1989, 1998", (1980, 1989, 1998)),
    Stated("F115", "foundations/history", '(1957, "networks", "Rosenblatt simulates a perceptron")', (1957,)),
    Stated("F116", "foundations/history", '(1959, "brain", "Hubel, Wiesel: cells', (1959,)),
    Stated("F116", "foundations/history", '(1962, "brain", "Hubel, Wiesel: simple', (1962,)),
    Stated("F117", "foundations/history", "In 2006 Hinton and Salakhutdinov trained deep networks", (2006,)),
]

NOT_STATED = {
    "F001": "a formula; the sizes of F003 to F011 follow from it",
    "F002": "settings without a result; the errata page says which of them fit",
    "F012": "a picture of neurons, with the numbers of F003",
    "F014": "wrong, see WRONG",
    "F015": "the book pools other maps",
    "F017": "wrong, see WRONG",
    "F018": "a pattern",
    "F020": "formulas without biases; the book writes them with biases",
    "F024": "a rule without numbers",
    "F026": "wrong, see WRONG",
    "F029": "a rule without numbers",
    "F030": "wrong, see WRONG",
    "F031": "a question of where epsilon stands",
    "F032": "a question of where epsilon stands",
    "F033": "a question of an index",
    "F036": "a habit",
    "F041": "rows of a file, held by tests/data",
    "F045": "the book does not count breeds of dogs",
    "F046": "the book says how CIFAR-10 is stored, not how it is divided",
    "F048": "ten digits",
    "F049": "words; the chapter on ImageNet prints them from cs_cnn",
    "F052": "a formula",
    "F056": "the chapter counts each of the two layers",
    "F058": "a recipe that the book does not repeat",
    "F059": "wrong, see WRONG",
    "F066": "lists of layers, held by tests/zoo/test_vgg.py",
    "F068": "a table, held by tests/account/test_published.py",
    "F072": "a list of layers, asked for in an exercise",
    "F073": "an approximation that the book does not use",
    "F080": "sums of a wrong table",
    "F085": "widths that follow from the table",
    "F086": "a formula",
    "F094": "errors read from the table that tests/zoo/test_history.py holds",
    "F095": "a comparison; the book has its own study",
    "F096": "a design without numbers",
    "F098": "a title",
    "F101": "said in words: the half",
    "F103": "wrong, see WRONG",
    "F104": "a formula",
    "F105": "a filter, asked for in an exercise",
    "F107": "wrong, see WRONG",
    "F109": "a word",
    "F111": "identifiers of papers, in the bibliography",
    "F118": "two numbers, of F050 and F087",
    "F119": "a word",
}
"""The facts with a number that no row above has, and why."""

WRONG = {
    "F014": r"[Pp]ooling[^.]{0,30} three (settings|hyperparameters)",
    "F017": r"e\^\{-z_[a-z]\} ?/",
    "F026": r"Mark I[^.]{0,30}\bReLU",
    "F030": r"/ ?np\.sqrt\(2 ?/ ?\w+\)",
    "F059": r"first use of (the )?ReLU",
    "F064": r"(about a million parameters fewer|drop 1 million parameters)",
    "F069": r"\b24 ?(million|M) (numbers|values|×)|\b9[36] MB\b",
    "F079": r"\b2\.7 ?K\b|parameters and operations, copied",
    "F081": r"(twelve|12) ?(times|×|x) (fewer|less) parameters",
    "F082": r"[Ff]ive million( parameters|\.)|GoogLeNet[^.]{0,40}\b5 ?(million|M)\b",
    "F103": r"stride (of )?2,? on maps of",
    "F107": r"\(G\(C\) ?- ?G\(I\)\)\^2",
    "F113": r"(16|50|152) \*?convolutional\*? layers",
    "F114": r"first (CNN|was LeCun)",
}
"""What a page may say only of the lectures: how each wrong value is recognised."""
