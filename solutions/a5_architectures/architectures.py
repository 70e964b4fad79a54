# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown] locked="introduction"
# # Architectures
#
# Well-known networks are made of few kinds of blocks. In this assignment you count one of them, VGG-16, down to the
# last parameter; you build the blocks of four others, LeNet-5, GoogLeNet, ResNet and MobileNet, in PyTorch; and you
# train what you have built.
#
# | | you will build | points |
# |---|---|---|
# | **Part A** | the parameters and the memory of VGG-16 | 18 |
# | **Part B** | LeNet-5; an Inception module and what it saves | 25 |
# | **Part C** | residual blocks, basic and bottleneck; a depthwise separable block | 30 |
# | **Part D** | a training step; fifty images by heart; a small ResNet that recognises clothes; questions | 27 |
#
# **Time.** About nine hours for most people: one for Part A, two for Part B, three for Part C, three for Part D. The
# computer needs about half a minute in all, most of it for the last training; a laptop is enough, a GPU is not needed.
# Parts A, B and C do not depend on each other. Part D uses your own `BasicBlock`.
#
# **You need** PyTorch, and the chapters *VGG*, *LeNet-5*, *GoogLeNet*, *ResNet* and *MobileNet*. The notebook runs in
# JupyterLab on your computer, and in Colab.

# %% [markdown] locked="how_grading_works"
# ## How grading works
#
# - Below every task stands a **check**. Run it as often as you like. It says in words what is right and what is
#   not yet, part by part, and its last line is the number of points.
# - After you hand in, **hidden checks** run. They are of the same kind and test nothing new; only the shapes and
#   the numbers differ.
# - **How a module is checked.** The check builds your class with several arguments, looks at the shapes of its
#   parameters, loads numbers of its own into them, and compares the output with the formula. So the *names* of your
#   layers do not matter, nor the order in which `__init__` makes them, nor whether you write `nn.Sequential` or single
#   layers. Parameters that nobody uses do matter.
# - **Bias.** Where batch normalisation follows a convolution, a bias is superfluous; with and without are both right.
#   Batch normalisation is `nn.BatchNorm2d` with its default settings.
# - **Parts earn points on their own.** Right shapes count even if the values are wrong.
# - **Never graded:** style, prints, warnings, how you initialise, dropout that acts in training only.
# - The written answer is read by a person.
# - When a check recognises a mistake that many people make, it gives you a **hint** and a section to read again.
#   Three more hints wait below each task. Open them one at a time, and only after a try.
#
# Before you hand in: *Kernel → Restart Kernel and Run All Cells*. What works then works for us. You may add cells
# and helper functions; keep the names of the functions and do not change the cells with checks.
#
# **Working with others and with AI.** What this assignment allows with AI assistants stands on the course page
# *Assignments*, under the name of this assignment.

# %% locked="setup"
import matplotlib.pyplot as plt
import numpy as np

try:
    import torch
    import torch.nn.functional as F
    from torch import nn
except ImportError as error:
    message = "This assignment needs PyTorch; install it as the page 'How to run the notebooks' says."
    raise ImportError(message) from error

try:
    from cs_cnn import data
    from cs_cnn.checks import check
except ImportError as error:
    message = "The course package is missing; install it as the page 'How to run the notebooks' says."
    raise ImportError(message) from error

# %% [markdown] locked="part_a"
# ---
# # Part A: counting VGG-16 (18 points)
#
# VGG-16 (configuration D) reads colour images of 224 by 224 pixels. It uses two things only: 3 by 3 convolutions with
# padding 1 and ReLU, and 2 by 2 max pooling; three fully connected layers end it. The next cell writes it down. No
# PyTorch in this part: everything is arithmetic.

# %% locked="vgg16"
VGG16 = [
    ("conv", 64), ("conv", 64), ("pool",),
    ("conv", 128), ("conv", 128), ("pool",),
    ("conv", 256), ("conv", 256), ("conv", 256), ("pool",),
    ("conv", 512), ("conv", 512), ("conv", 512), ("pool",),
    ("conv", 512), ("conv", 512), ("conv", 512), ("pool",),
    ("fc", 4096), ("fc", 4096), ("fc", 1000),
]  # fmt: skip

# %% [markdown] locked="task_parameters"
# ## Task 5.1: parameters of one layer (4 points: convolution 2, fully connected 1, without bias 1)
#
# **What.** Write `conv_parameters(in_channels, filters, kernel, bias=True)` and
# `fc_parameters(inputs, outputs, bias=True)`: how many numbers does the layer learn?
#
# **Why.** Parameters are what a network stores. Their number decides the size of the file, and much of the memory
# while it trains.
#
# **Formula.** A filter of $K$ by $K$ sees all $C$ channels, and there are $F$ filters. Each filter, and each output of
# a fully connected layer, may have one bias.
#
# **In.** Integers, and `bias`. **Out.** An integer.
#
# **One number.** `conv_parameters(3, 64, 3)` is 1,792; `fc_parameters(10, 4, bias=False)` is 40.
#
# <details><summary>Hint 1: the idea</summary>
#
# The number of positions does not matter: the same weights serve everywhere.
# </details>
#
# <details><summary>Hint 2: the shape</summary>
#
# The weights of a convolution have four axes: filters, channels, rows, columns.
# </details>
#
# <details><summary>Hint 3: nearly code</summary>
#
# `True` counts as 1 and `False` as 0, so `bias` may be a factor.
# </details>
#
# Read: chapter *VGG*, section *Six configurations*.


# %% answer="parameters"
def conv_parameters(in_channels, filters, kernel, bias=True):
    """Return the number of weights and biases of a convolution with square kernels."""
    ### BEGIN SOLUTION
    return filters * (in_channels * kernel**2 + bias)
    ### END SOLUTION


def fc_parameters(inputs, outputs, bias=True):
    """Return the number of weights and biases of a fully connected layer."""
    ### BEGIN SOLUTION
    return outputs * (inputs + bias)
    ### END SOLUTION


# %% test="parameters" points=4
check("a5.parameters", conv_parameters, fc_parameters)
### BEGIN HIDDEN TESTS
check("a5.parameters", conv_parameters, fc_parameters, hidden=True, seed=50501)
### END HIDDEN TESTS

# %% [markdown] locked="task_layer_table"
# ## Task 5.2: the table of a network (8 points: shapes 4, parameters 4)
#
# **What.** Write `layer_table(layers, shape)`, which follows an image through a list of layers like `VGG16` above.
#
# **Why.** A table like this is the first thing to make of any architecture. It finds shapes that do not fit before
# PyTorch does, and it shows where parameters and memory are.
#
# **Rules.** `("conv", f)`: `f` filters of 3 by 3, stride 1, padding 1, with biases. `("pool",)`: 2 by 2, stride 2; all
# sizes are even. `("fc", m)`: `m` outputs, with biases; it sees every number of what comes in.
#
# **In.** `layers`: a list as above; `shape`: the image `(C, H, W)`. **Out.** A list of pairs `(shape, parameters)`.
# The first pair is the image itself, with 0 parameters; then one pair for each layer. The shape after a fully
# connected layer is `(m,)`.
#
# **One number.** `layer_table([("conv", 4), ("pool",), ("fc", 10)], (3, 8, 6))` is
# `[((3, 8, 6), 0), ((4, 8, 6), 112), ((4, 4, 3), 0), ((10,), 490)]`.
#
# <details><summary>Hint 1: the idea</summary>
#
# Keep the current shape in a variable. Every layer reads it, counts, and replaces it.
# </details>
#
# <details><summary>Hint 2: the shape</summary>
#
# One layer changes only the channels, one only height and width, and one leaves a single axis.
# </details>
#
# <details><summary>Hint 3: nearly code</summary>
#
# `kind, *numbers = layer` takes a layer apart. `int(np.prod(shape))` counts the numbers of a shape, whether it has
# three axes or one.
# </details>
#
# Read: chapter *VGG*, section *Six configurations*.


# %% answer="layer_table"
def layer_table(layers, shape):
    """Return pairs (shape, parameters): of the image, and of every layer."""
    ### BEGIN SOLUTION
    table = [(shape, 0)]
    for kind, *numbers in layers:
        parameters = 0
        if kind == "conv":
            parameters = conv_parameters(shape[0], numbers[0], 3)
            shape = (numbers[0], shape[1], shape[2])
        elif kind == "pool":
            shape = (shape[0], shape[1] // 2, shape[2] // 2)
        else:
            parameters = fc_parameters(int(np.prod(shape)), numbers[0])
            shape = (numbers[0],)
        table.append((shape, parameters))
    return table
    ### END SOLUTION


# %% test="layer_table" points=8
check("a5.layer_table", layer_table)
### BEGIN HIDDEN TESTS
check("a5.layer_table", layer_table, hidden=True, seed=50502)
### END HIDDEN TESTS

# %% [markdown] locked="task_memory"
# ## Task 5.3: memory (6 points: activations 2, parameters 2, training 2)
#
# **What.** Write `memory(table, training=False)`, which returns two numbers of bytes for **one image**: for the
# activations, and for the parameters.
#
# **Why.** When a training stops with *out of memory*, it is mostly the activations: the backward pass needs the output
# of every layer, so all of them are kept.
#
# **Rules.** Every number is a float32, which takes 4 bytes. Activations are the numbers of **every row** of the table,
# the image and the pooled maps too. In training, every activation has a gradient of the same size; and every parameter
# has a gradient and a velocity (of SGD with momentum).
#
# **In.** `table`: as from task 5.2 (the check brings its own); `training`. **Out.** Two numbers of bytes.
#
# **One number.** For the table in task 5.2 above, `memory(table)` is `(1576, 2408)`.
#
# <details><summary>Hint 1: the idea</summary>
#
# Two sums over the rows, and two factors, which depend on `training`.
# </details>
#
# <details><summary>Hint 2: the shape</summary>
#
# A row of shape `(64, 224, 224)` holds $64 \cdot 224 \cdot 224$ numbers.
# </details>
#
# <details><summary>Hint 3: nearly code</summary>
#
# In training: how many numbers belong to one activation, itself included? And to one parameter?
# </details>
#
# **A number to be careful with.** A well-known lecture table gives VGG-16 "24M" numbers for one image, "93 MB". Its own
# rows add to another number. Which? Look at what your functions say below.
#
# Read: chapter *VGG*, section *The table, and its sum*.


# %% answer="memory"
def memory(table, training=False):
    """Return the bytes of all activations and of all parameters, for one image."""
    ### BEGIN SOLUTION
    activations = sum(int(np.prod(shape)) for shape, _ in table)
    parameters = sum(count for _, count in table)
    # Kept for each: itself, its gradient, and for a parameter the velocity.
    return 4 * activations * (2 if training else 1), 4 * parameters * (3 if training else 1)
    ### END SOLUTION


# %% test="memory" points=6
check("a5.memory", memory)
### BEGIN HIDDEN TESTS
check("a5.memory", memory, hidden=True, seed=50503)
### END HIDDEN TESTS

# %% [markdown] locked="look_at_vgg"
# ### Look at it
#
# Where are the parameters of VGG-16, and where is its memory? The first written question will ask you why.

# %% look="vgg16_layers"
try:
    table = layer_table(VGG16, (3, 224, 224))
    activation_bytes, parameter_bytes = memory(table)
except NotImplementedError:
    print("There is nothing to draw yet: finish tasks 5.1 to 5.3 first.")
else:
    names = ["image", *(layer[0] for layer in VGG16)]
    fig, axes = plt.subplots(2, 1, figsize=(8, 4.5), sharex=True, layout="constrained")
    axes[0].bar(range(len(table)), [int(np.prod(shape)) / 1e6 for shape, _ in table], color="#0072b2")
    axes[0].set(ylabel="million activations", title="VGG-16, layer by layer")
    axes[1].bar(range(len(table)), [count / 1e6 for _, count in table], color="#d55e00")
    axes[1].set(ylabel="million parameters")
    axes[1].set_xticks(range(len(table)), names, rotation=90)
    plt.show()
    print(f"{activation_bytes // 4:,} activations, {parameter_bytes // 4:,} parameters")

# %% [markdown] locked="part_b"
# ---
# # Part B: LeNet-5 and Inception (25 points)
#
# From here on you write classes. A `torch.nn.Module` makes its layers in `__init__` and uses them in `forward`. Call
# `super().__init__()` first; keep layers as attributes (`self.conv = ...`) or in an `nn.Sequential`, so that PyTorch
# finds their parameters.

# %% [markdown] locked="task_lenet5"
# ## Task 5.4: LeNet-5 (10 points: shape 2, parameters 3, values 4, gradients 1)
#
# **What.** Write the class `LeNet5(channels=1, classes=10)`.
#
# **Why.** It is the smallest network that has everything: convolutions, pooling, fully connected layers.
#
# **Layers**, for images of 28 by 28. All convolutions and fully connected layers have biases.
#
# | layer | output |
# |---|---|
# | convolution, 6 filters of 5 by 5, **padding 2**; ReLU | 6 x 28 x 28 |
# | max pooling, 2 by 2, stride 2 | 6 x 14 x 14 |
# | convolution, 16 filters of 5 by 5, no padding; ReLU | 16 x 10 x 10 |
# | max pooling, 2 by 2, stride 2 | 16 x 5 x 5 |
# | fully connected, 120; ReLU | 120 |
# | fully connected, 84; ReLU | 84 |
# | fully connected, one score for each class | classes |
#
# **In.** `x`: a tensor `(N, channels, 28, 28)`. **Out.** Scores `(N, classes)`: plain numbers, which may be negative.
# The loss will turn them into probabilities.
#
# **One number.** `LeNet5()` has 61,706 parameters.
#
# <details><summary>Hint 1: the idea</summary>
#
# Layers with parameters are made in `__init__`. ReLU and pooling have none: `F.relu` and `F.max_pool2d` in `forward`
# do as well as `nn.ReLU()` and `nn.MaxPool2d(2)`.
# </details>
#
# <details><summary>Hint 2: the shape</summary>
#
# Between the last pooling and the first fully connected layer, `(N, 16, 5, 5)` becomes `(N, 400)`. The batch axis
# stays.
# </details>
#
# <details><summary>Hint 3: nearly code</summary>
#
# `nn.Conv2d(in_channels, out_channels, kernel_size, padding=...)`, `nn.Linear(inputs, outputs)`, `x.flatten(1)`. What
# does the last layer need after it? Nothing.
# </details>
#
# Read: chapter *LeNet-5*, section *The architecture, layer by layer*.


# %% answer="lenet5"
class LeNet5(nn.Module):
    """Map images (N, channels, 28, 28) to scores (N, classes)."""

    def __init__(self, channels=1, classes=10):
        super().__init__()
        ### BEGIN SOLUTION
        self.conv1 = nn.Conv2d(channels, 6, 5, padding=2)
        self.conv2 = nn.Conv2d(6, 16, 5)
        self.fc1 = nn.Linear(16 * 5 * 5, 120)
        self.fc2 = nn.Linear(120, 84)
        self.fc3 = nn.Linear(84, classes)
        ### END SOLUTION

    def forward(self, x):
        ### BEGIN SOLUTION
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        x = F.relu(self.fc1(x.flatten(1)))
        return self.fc3(F.relu(self.fc2(x)))
        ### END SOLUTION


# %% test="lenet5" points=10
check("a5.lenet5", LeNet5)
### BEGIN HIDDEN TESTS
check("a5.lenet5", LeNet5, hidden=True, seed=50504)
### END HIDDEN TESTS

# %% [markdown] locked="task_inception"
# ## Task 5.5: an Inception module (10 points: shape 2, parameters 3, values 4, gradients 1)
#
# **What.** Write the class `Inception(in_channels, n1x1, r3x3, n3x3, r5x5, n5x5, pool_proj)`.
#
# **Why.** How large should a filter be? The module does not decide: it looks through several windows at once and
# stacks what they see. The 1 by 1 convolutions make this affordable.
#
# **Four branches**, which all see `x`:
#
# 1. 1 by 1 convolution to `n1x1` maps;
# 2. 1 by 1 convolution to `r3x3` maps, then 3 by 3 convolution to `n3x3` maps;
# 3. 1 by 1 convolution to `r5x5` maps, then 5 by 5 convolution to `n5x5` maps;
# 4. 3 by 3 max pooling with stride 1 and padding 1, then 1 by 1 convolution to `pool_proj` maps.
#
# Every convolution has a bias and is followed by a ReLU. No branch changes height and width. The outputs are stacked
# **along the channels, in this order**.
#
# **In.** `x` `(N, in_channels, H, W)`. **Out.** `(N, n1x1 + n3x3 + n5x5 + pool_proj, H, W)`.
#
# **One number.** `Inception(192, 64, 96, 128, 16, 32, 32)`, the first module of GoogLeNet, makes 256 maps and has
# 163,696 parameters.
#
# <details><summary>Hint 1: the idea</summary>
#
# Six convolutions. Each branch is a small function of `x`; `forward` calls four of them and joins the results.
# </details>
#
# <details><summary>Hint 2: the shape</summary>
#
# Stacked tensors may differ along one axis only. Which padding keeps the size for 3 by 3? For 5 by 5?
# </details>
#
# <details><summary>Hint 3: nearly code</summary>
#
# `torch.cat([a, b, c, d], dim=...)`: the axes are batch, channels, rows, columns, counted from 0.
# `nn.MaxPool2d(3, stride=1, padding=1)`: without `stride=1` it would take steps of 3.
# </details>
#
# Read: chapter *GoogLeNet*, section *Squeeze first*.


# %% answer="inception"
class Inception(nn.Module):
    """Map (N, in_channels, H, W) to (N, n1x1 + n3x3 + n5x5 + pool_proj, H, W)."""

    def __init__(self, in_channels, n1x1, r3x3, n3x3, r5x5, n5x5, pool_proj):
        super().__init__()
        ### BEGIN SOLUTION
        self.one = nn.Conv2d(in_channels, n1x1, 1)
        self.reduce3 = nn.Conv2d(in_channels, r3x3, 1)
        self.three = nn.Conv2d(r3x3, n3x3, 3, padding=1)
        self.reduce5 = nn.Conv2d(in_channels, r5x5, 1)
        self.five = nn.Conv2d(r5x5, n5x5, 5, padding=2)
        self.project = nn.Conv2d(in_channels, pool_proj, 1)
        ### END SOLUTION

    def forward(self, x):
        ### BEGIN SOLUTION
        branches = [
            self.one(x),
            self.three(F.relu(self.reduce3(x))),
            self.five(F.relu(self.reduce5(x))),
            self.project(F.max_pool2d(x, 3, stride=1, padding=1)),
        ]
        return F.relu(torch.cat(branches, dim=1))
        ### END SOLUTION


# %% test="inception" points=10
check("a5.inception", Inception)
### BEGIN HIDDEN TESTS
check("a5.inception", Inception, hidden=True, seed=50505)
### END HIDDEN TESTS

# %% [markdown] locked="task_inception_cost"
# ## Task 5.6: what the reduction saves (5 points: naive 2, reduced 3)
#
# **What.** Write `inception_cost(shape, n1x1, r3x3, n3x3, r5x5, n5x5, pool_proj)`, which returns the multiply-adds of
# two modules for one image: the **naive** one, and the one of task 5.5.
#
# **Why.** In the naive module, 3 by 3 and 5 by 5 filters look at all maps of `x`. The reduction puts a narrow place
# before them.
#
# **Rules.** One multiplication with its addition counts as one multiply-add; biases, ReLU and pooling count nothing.
# The naive module has a 1 by 1, a 3 by 3 and a 5 by 5 convolution of `x`, to `n1x1`, `n3x3` and `n5x5` maps, and a
# pooling without a convolution.
#
# **In.** `shape`: `(C, H, W)` of `x`; integers. **Out.** `naive, reduced`.
#
# **One number.** For `shape = (192, 28, 28)` and the numbers of task 5.5: 303,464,448 and 128,049,152.
#
# <details><summary>Hint 1: the idea</summary>
#
# Every output number of a $K$ by $K$ convolution takes as many multiply-adds as one filter has weights.
# </details>
#
# <details><summary>Hint 2: the shape</summary>
#
# No convolution changes $H$ and $W$, so each weight is used $H \cdot W$ times.
# </details>
#
# <details><summary>Hint 3: nearly code</summary>
#
# Three products for the naive module, six for the other. The 3 by 3 convolution of the second reads `r3x3` maps.
# </details>
#
# Read: chapter *GoogLeNet*, sections *All kernels at once* and *Squeeze first*.


# %% answer="inception_cost"
def inception_cost(shape, n1x1, r3x3, n3x3, r5x5, n5x5, pool_proj):
    """Return the multiply-adds of the naive module and of the module with reduction, for one image."""
    ### BEGIN SOLUTION
    channels, height, width = shape
    naive = channels * (n1x1 + 9 * n3x3 + 25 * n5x5)
    reduced = channels * (n1x1 + r3x3 + r5x5 + pool_proj) + 9 * r3x3 * n3x3 + 25 * r5x5 * n5x5
    return naive * height * width, reduced * height * width
    ### END SOLUTION


# %% test="inception_cost" points=5
check("a5.inception_cost", inception_cost)
### BEGIN HIDDEN TESTS
check("a5.inception_cost", inception_cost, hidden=True, seed=50506)
### END HIDDEN TESTS

# %% [markdown] locked="part_c"
# ---
# # Part C: residual and separable blocks (30 points)
#
# A residual block learns what to *add* to its input. If there is nothing to add, its weights can stay near zero, and
# the input passes through: a deep network is then no worse than a shallow one.

# %% [markdown] locked="task_basic_block"
# ## Task 5.7: the basic block (12 points: shape 2, parameters 2, identity 3, projection 3, training 1, gradients 1)
#
# **What.** Write the class `BasicBlock(in_channels, channels, stride=1)`.
#
# **Formula.** $y = \mathrm{ReLU}\bigl(f(x) + s(x)\bigr)$ with
#
# - the branch $f$: 3 by 3 convolution with `stride` and padding 1, batch norm, ReLU, 3 by 3 convolution with stride 1
#   and padding 1, batch norm;
# - the shortcut $s$: `x` itself, when `stride` is 1 and `in_channels` equals `channels`. Otherwise a **projection**: 1
#   by 1 convolution with `stride` to `channels` maps, then batch norm. Nothing else.
#
# **In.** `x` `(N, in_channels, H, W)`. **Out.** `(N, channels, H', W')`, where $H' = H$ for stride 1 and half of it,
# rounded up, for stride 2.
#
# **One number.** Without biases, `BasicBlock(64, 64)` has 73,984 parameters and `BasicBlock(64, 128, 2)` has 230,144.
#
# <details><summary>Hint 1: the idea</summary>
#
# Three questions decide everything: where does the stride go, when is there a projection, and what comes after the
# addition?
# </details>
#
# <details><summary>Hint 2: the shape</summary>
#
# Both summands need the same shape. A 1 by 1 convolution with stride 2 and no padding, and a 3 by 3 convolution with
# stride 2 and padding 1, give the same size.
# </details>
#
# <details><summary>Hint 3: nearly code</summary>
#
# `self.shortcut = nn.Identity()` is a module that does nothing, so `forward` needs no `if`. A batch norm belongs to one
# convolution: three convolutions, three of them.
# </details>
#
# Read: chapter *ResNet*, sections *The residual block* and *When the shape changes*.


# %% answer="basic_block"
class BasicBlock(nn.Module):
    """Map (N, in_channels, H, W) to (N, channels, H', W'): relu(branch(x) + shortcut(x))."""

    def __init__(self, in_channels, channels, stride=1):
        super().__init__()
        ### BEGIN SOLUTION
        self.branch = nn.Sequential(
            nn.Conv2d(in_channels, channels, 3, stride=stride, padding=1, bias=False),
            nn.BatchNorm2d(channels),
            nn.ReLU(),
            nn.Conv2d(channels, channels, 3, padding=1, bias=False),
            nn.BatchNorm2d(channels),
        )
        self.shortcut = nn.Identity()
        if stride != 1 or in_channels != channels:
            self.shortcut = nn.Sequential(
                nn.Conv2d(in_channels, channels, 1, stride=stride, bias=False), nn.BatchNorm2d(channels)
            )
        ### END SOLUTION

    def forward(self, x):
        ### BEGIN SOLUTION
        return F.relu(self.branch(x) + self.shortcut(x))
        ### END SOLUTION


# %% test="basic_block" points=12
check("a5.basic_block", BasicBlock)
### BEGIN HIDDEN TESTS
check("a5.basic_block", BasicBlock, hidden=True, seed=50507)
### END HIDDEN TESTS

# %% [markdown] locked="task_bottleneck"
# ## Task 5.8: the bottleneck (7 points: shape 1, parameters 2, values 3, training 1)
#
# **What.** Write the class `Bottleneck(in_channels, channels, stride=1)`, the block of ResNet-50 and deeper.
#
# **Formula.** $y = \mathrm{ReLU}\bigl(f(x) + s(x)\bigr)$ with the branch
#
# 1. 1 by 1 convolution to `channels` maps, batch norm, ReLU;
# 2. 3 by 3 convolution to `channels` maps, with `stride` and padding 1, batch norm, ReLU;
# 3. 1 by 1 convolution to `4 * channels` maps, batch norm.
#
# The shortcut is as in task 5.7: a projection to `4 * channels` maps with `stride` when the shape changes, `x`
# otherwise.
#
# **In.** `x` `(N, in_channels, H, W)`. **Out.** `(N, 4 * channels, H', W')`.
#
# **One number.** Without biases, `Bottleneck(256, 64)` has 70,400 parameters, fewer than `BasicBlock(64, 64)`, and
# handles four times as many maps.
#
# <details><summary>Hint 1: the idea</summary>
#
# Narrow, look around, widen. The paper puts the stride into the first convolution; nearly everyone since puts it into
# the second, and so do we.
# </details>
#
# <details><summary>Hint 2: the shape</summary>
#
# When does the shape stay? Compare `in_channels` with what comes *out*.
# </details>
#
# <details><summary>Hint 3: nearly code</summary>
#
# Take your `BasicBlock` and change the branch. A 1 by 1 convolution needs no padding.
# </details>
#
# Read: chapter *ResNet*, section *The bottleneck*.


# %% answer="bottleneck"
class Bottleneck(nn.Module):
    """Map (N, in_channels, H, W) to (N, 4 * channels, H', W')."""

    def __init__(self, in_channels, channels, stride=1):
        super().__init__()
        ### BEGIN SOLUTION
        out = 4 * channels
        self.branch = nn.Sequential(
            nn.Conv2d(in_channels, channels, 1, bias=False),
            nn.BatchNorm2d(channels),
            nn.ReLU(),
            nn.Conv2d(channels, channels, 3, stride=stride, padding=1, bias=False),
            nn.BatchNorm2d(channels),
            nn.ReLU(),
            nn.Conv2d(channels, out, 1, bias=False),
            nn.BatchNorm2d(out),
        )
        self.shortcut = nn.Identity()
        if stride != 1 or in_channels != out:
            self.shortcut = nn.Sequential(
                nn.Conv2d(in_channels, out, 1, stride=stride, bias=False), nn.BatchNorm2d(out)
            )
        ### END SOLUTION

    def forward(self, x):
        ### BEGIN SOLUTION
        return F.relu(self.branch(x) + self.shortcut(x))
        ### END SOLUTION


# %% test="bottleneck" points=7
check("a5.bottleneck", Bottleneck)
### BEGIN HIDDEN TESTS
check("a5.bottleneck", Bottleneck, hidden=True, seed=50508)
### END HIDDEN TESTS

# %% [markdown] locked="task_depthwise_separable"
# ## Task 5.9: a depthwise separable block (8 points: shape 1, parameters 3, values 3, training 1)
#
# **What.** Write the class `DepthwiseSeparable(in_channels, out_channels, stride=1)`, the block of MobileNet.
#
# **Why.** A convolution does two things at once: it looks around in the image, and it mixes channels. Done one after
# the other, the same takes about a ninth of the work.
#
# **Layers.** 3 by 3 **depthwise** convolution with `stride` and padding 1: one filter for each channel, which sees that
# channel only. Batch norm, ReLU. Then 1 by 1 convolution to `out_channels`, batch norm, ReLU.
#
# **In.** `x` `(N, in_channels, H, W)`. **Out.** `(N, out_channels, H', W')`.
#
# **One number.** Without biases, `DepthwiseSeparable(32, 64)` has 2,336 weights in its convolutions; a full 3 by 3
# convolution has 18,432.
#
# <details><summary>Hint 1: the idea</summary>
#
# `nn.Conv2d` has an argument that cuts the channels into groups which do not see each other. How many groups are
# needed, so that every channel is alone?
# </details>
#
# <details><summary>Hint 2: the shape</summary>
#
# The weights of the depthwise convolution have shape `(in_channels, 1, 3, 3)`. Print yours.
# </details>
#
# <details><summary>Hint 3: nearly code</summary>
#
# The depthwise step keeps the number of channels, so its batch norm has `in_channels`. Only the second step changes it.
# </details>
#
# Read: chapter *MobileNet*, section *The block*.


# %% answer="depthwise_separable"
class DepthwiseSeparable(nn.Module):
    """Map (N, in_channels, H, W) to (N, out_channels, H', W')."""

    def __init__(self, in_channels, out_channels, stride=1):
        super().__init__()
        ### BEGIN SOLUTION
        self.layers = nn.Sequential(
            nn.Conv2d(in_channels, in_channels, 3, stride, padding=1, groups=in_channels, bias=False),
            nn.BatchNorm2d(in_channels),
            nn.ReLU(),
            nn.Conv2d(in_channels, out_channels, 1, bias=False),
            nn.BatchNorm2d(out_channels),
            nn.ReLU(),
        )
        ### END SOLUTION

    def forward(self, x):
        ### BEGIN SOLUTION
        return self.layers(x)
        ### END SOLUTION


# %% test="depthwise_separable" points=8
check("a5.depthwise_separable", DepthwiseSeparable)
### BEGIN HIDDEN TESTS
check("a5.depthwise_separable", DepthwiseSeparable, hidden=True, seed=50509)
### END HIDDEN TESTS

# %% [markdown] locked="task_separable_ratio"
# ## Task 5.10: what it saves (3 points)
#
# **What.** Write `separable_ratio(in_channels, filters, kernel)`: the multiply-adds of a depthwise separable
# convolution, divided by those of a full convolution with the same input, output and kernel side.
#
# **In.** Three integers. **Out.** A float below 1 for all but tiny layers.
#
# **One number.** `separable_ratio(32, 64, 3)` is 0.1267.
#
# <details><summary>Hint 1: the idea</summary>
#
# Both have the same number of output positions, so look at one position.
# </details>
#
# <details><summary>Hint 2: the shape</summary>
#
# At one position the full layer uses all its weights once: $F \cdot C \cdot K \cdot K$ of them.
# </details>
#
# <details><summary>Hint 3: nearly code</summary>
#
# Depthwise: $C \cdot K \cdot K$. Pointwise: how many? They come one after the other. Does the ratio depend on $C$?
# </details>
#
# Read: chapter *MobileNet*, section *What it costs*.


# %% answer="separable_ratio"
def separable_ratio(in_channels, filters, kernel):
    """Return the multiply-adds of the separable convolution, divided by those of the full one."""
    ### BEGIN SOLUTION
    return 1 / filters + 1 / kernel**2
    ### END SOLUTION


# %% test="separable_ratio" points=3
check("a5.separable_ratio", separable_ratio)
### BEGIN HIDDEN TESTS
check("a5.separable_ratio", separable_ratio, hidden=True, seed=50510)
### END HIDDEN TESTS

# %% [markdown] locked="part_d"
# ---
# # Part D: training (27 points)
#
# In this part all images and labels are tensors: `x` is float32 `(N, 1, 28, 28)`, `y` int64 `(N,)`.

# %% [markdown] locked="task_train_step"
# ## Task 5.11: one step (7 points: loss 1, step 3, second step 2, mode 1)
#
# **What.** Write `train_step(model, optimiser, x, y)`, which takes one step of training on one batch.
#
# **Why.** These few lines are the heart of every training in PyTorch. Each of them can be forgotten, and the program
# still runs.
#
# **What it does.** Switch the model to training mode; scores; mean cross-entropy of the batch; gradients of **this
# batch**; one step of the optimiser.
#
# **In.** A module, an optimiser of its parameters, tensors `x` and `y`. **Out.** The loss before the step, as a number.
#
# **One number.** A model that gives ten equal scores has the loss $\log 10 = 2.303$.
#
# <details><summary>Hint 1: the idea</summary>
#
# Three calls: one empties `.grad`, one fills it, one uses it.
# </details>
#
# <details><summary>Hint 2: the shape</summary>
#
# `F.cross_entropy(scores, y)` takes scores `(N, C)` and classes `(N,)`. It contains the softmax.
# </details>
#
# <details><summary>Hint 3: nearly code</summary>
#
# `backward()` *adds* to what is in `.grad`. `loss.item()` gives a plain number.
# </details>
#
# Read: chapter *ResNet*, section *Training one, and watching it*.


# %% answer="train_step"
def train_step(model, optimiser, x, y):
    """Take one step on one batch; return the loss before it."""
    ### BEGIN SOLUTION
    model.train()
    loss = F.cross_entropy(model(x), y)
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()
    return loss.item()
    ### END SOLUTION


# %% test="train_step" points=7
check("a5.train_step", train_step)
### BEGIN HIDDEN TESTS
check("a5.train_step", train_step, hidden=True, seed=50511)
### END HIDDEN TESTS

# %% [markdown] locked="task_accuracy"
# ## Task 5.12: accuracy (3 points: share 2, evaluation 1)
#
# **What.** Write `accuracy(model, x, y)`: the share of images whose largest score belongs to the right class, from 0
# to 1.
#
# **Why.** It is the number you will report. Batch norm and dropout behave differently in training, so an accuracy in
# the wrong mode is the accuracy of another network.
#
# **In.** A module in any mode, tensors `x` and `y`. **Out.** A number.
#
# **One number.** Three right answers of four are 0.75.
#
# <details><summary>Hint 1: the idea</summary>
#
# Switch to evaluation first. No gradients are needed here.
# </details>
#
# <details><summary>Hint 2: the shape</summary>
#
# Scores are `(N, C)`; one answer for each image is `(N,)`.
# </details>
#
# <details><summary>Hint 3: nearly code</summary>
#
# `with torch.no_grad():`, `.argmax(dim=...)`, `.float().mean()`.
# </details>
#
# Read: chapter *ResNet*, section *Training one, and watching it*.


# %% answer="accuracy"
def accuracy(model, x, y):
    """Return the share of right answers, in evaluation mode."""
    ### BEGIN SOLUTION
    model.eval()
    with torch.no_grad():
        return (model(x).argmax(dim=1) == y).float().mean().item()
    ### END SOLUTION


# %% test="accuracy" points=3
check("a5.accuracy", accuracy)
### BEGIN HIDDEN TESTS
check("a5.accuracy", accuracy, hidden=True, seed=50512)
### END HIDDEN TESTS

# %% [markdown] locked="task_overfit"
# ## Task 5.13: fifty images by heart (6 points: losses 1, learns 3, any labels 1, seed 1)
#
# **What.** Write `overfit(x, y, *, seed)`, which makes a model (for example your `LeNet5`), trains it on these few
# images until it knows them all, and returns the model and the list of losses.
#
# **Why.** Before any long training, see whether your network can learn **a handful of images** by heart. If it
# cannot, something is wrong: the labels, the loss, the step. No amount of data will mend that.
#
# **In.** `x` `(50, 1, 28, 28)`, `y` `(50,)` from 0 to 9, `seed`. **Out.** `model, losses`: a module that answers **all
# fifty** correctly in evaluation mode, and one loss for each step. The loss falls to a tenth or less. The same seed
# gives the same model. With shuffled labels it must work too: it is learning by heart, after all.
#
# **Time.** The check trains three times and allows 25 seconds together; two seconds are enough.
#
# **One number.** The first loss of a fresh model is near $\log 10 = 2.3$.
#
# <details><summary>Hint 1: the idea</summary>
#
# All fifty images fit into one batch. Take a hundred steps and look at the losses.
# </details>
#
# <details><summary>Hint 2: the shape</summary>
#
# Random numbers enter where the layers are made. `torch.manual_seed` must come before that.
# </details>
#
# <details><summary>Hint 3: nearly code</summary>
#
# `torch.optim.Adam(model.parameters(), lr=0.002)` needs little tuning, and `train_step` is already written. Does your
# model have batch norm? Its running statistics need some steps until evaluation mode catches up.
# </details>
#
# Read: chapter *ResNet*, section *Training one, and watching it*.


# %% answer="overfit"
def overfit(x, y, *, seed):
    """Learn a few images by heart; return the model and the loss of every step."""
    ### BEGIN SOLUTION
    torch.manual_seed(seed)
    model = LeNet5()
    optimiser = torch.optim.Adam(model.parameters(), lr=0.003)
    losses = [train_step(model, optimiser, x, y) for _ in range(150)]
    return model, losses
    ### END SOLUTION


# %% test="overfit" points=6
check("a5.overfit", overfit)
### BEGIN HIDDEN TESTS
check("a5.overfit", overfit, hidden=True, seed=50513)
### END HIDDEN TESTS

# %% [markdown] locked="task_train_resnet"
# ## Task 5.14: a small ResNet (6 points)
#
# **What.** Write `train_resnet(x, y, *, seed)`, which builds a small ResNet from your `BasicBlock`, trains it on 5,000
# pictures of clothes (Fashion-MNIST), and returns it. Its accuracy on 1,000 other pictures counts, in evaluation mode:
# 0.70 gives 3 points, 0.80 gives 4.5, **0.85 gives 6**.
#
# **In.** `x` `(5000, 1, 28, 28)` with numbers from 0 to 1, `y` `(5000,)`, `seed`. **Out.** A module that maps
# `(N, 1, 28, 28)` to scores `(N, 10)`.
#
# **Time.** The check allows 25 seconds for one training. A network with three blocks of 16, 32 and 64 maps, whose first
# convolution has stride 2, learns enough in about five seconds on one core of a laptop. Start small; a larger network
# is rarely what is missing.
#
# **One number.** Guessing is right on one picture of ten; LeNet-5 reaches 0.85 too, if you let it train longer.
#
# <details><summary>Hint 1: the idea</summary>
#
# A ResNet is a convolution with batch norm and ReLU, some residual blocks that halve the size and double the maps, an
# average over all positions, and one linear layer.
# </details>
#
# <details><summary>Hint 2: the shape</summary>
#
# `nn.AdaptiveAvgPool2d(1)` gives `(N, C, 1, 1)` whatever the size. The linear layer needs `(N, C)`.
# </details>
#
# <details><summary>Hint 3: nearly code</summary>
#
# A new order in every epoch: `torch.randperm(len(x))`. SGD with momentum 0.9, batches of 100, five epochs, and a rate
# that rises to 0.1 and falls to 0: `torch.optim.lr_scheduler.OneCycleLR(optimiser, max_lr, total_steps=...)`, with one
# `step()` for every batch. Pictures of clothes may be mirrored.
# </details>
#
# Read: chapter *ResNet*, section *Training one, and watching it*.


# %% answer="train_resnet"
def train_resnet(x, y, *, seed):
    """Train a small ResNet on pictures of clothes; return it."""
    ### BEGIN SOLUTION
    torch.manual_seed(seed)
    model = nn.Sequential(
        nn.Conv2d(1, 16, 3, stride=2, padding=1, bias=False),
        nn.BatchNorm2d(16),
        nn.ReLU(),
        BasicBlock(16, 16),
        BasicBlock(16, 32, 2),
        BasicBlock(32, 64, 2),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(64, 10),
    )
    epochs, size = 6, 100
    optimiser = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, weight_decay=5e-4)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 0.1, total_steps=epochs * (len(x) // size))
    for _ in range(epochs):
        order = torch.randperm(len(x))
        for start in range(0, len(x) - size + 1, size):
            rows = order[start : start + size]
            mirrored = torch.rand(size) < 0.5
            images = torch.where(mirrored[:, None, None, None], x[rows].flip(3), x[rows])
            train_step(model, optimiser, images, y[rows])
            schedule.step()
    return model
    ### END SOLUTION


# %% test="train_resnet" points=6
check("a5.train_resnet", train_resnet)
### BEGIN HIDDEN TESTS
check("a5.train_resnet", train_resnet, hidden=True, seed=50514)
### END HIDDEN TESTS

# %% [markdown] locked="look_at_errors"
# ### Look at it
#
# Which clothes does your network take for which? The next cell trains once more and counts. Change it as you like.

# %% look="errors"
clothes = data.load("fashion-mnist")
try:
    trained = train_resnet(torch.from_numpy(clothes.x_train), torch.from_numpy(clothes.y_train), seed=0)
    trained.eval()
    with torch.no_grad():
        answers = trained(torch.from_numpy(clothes.x_test)).argmax(dim=1).numpy()
except NotImplementedError:
    print("There is nothing to see yet: finish tasks 5.7, 5.11 and 5.14 first.")
else:
    counts = np.zeros((10, 10), dtype=int)
    np.add.at(counts, (clothes.y_test, answers), 1)
    fig, ax = plt.subplots(figsize=(5.5, 5), layout="constrained")
    ax.imshow(counts, cmap="Blues")
    for row, column in np.ndindex(10, 10):
        colour = "white" if counts[row, column] > 50 else "black"
        ax.text(column, row, counts[row, column], ha="center", va="center", color=colour, fontsize=7)
    ax.set_xticks(range(10), clothes.classes, rotation=90)
    ax.set_yticks(range(10), clothes.classes)
    ax.set(xlabel="answer", ylabel="class", title=f"accuracy {np.mean(answers == clothes.y_test):.3f}")
    plt.show()

# %% [markdown] locked="task_questions"
# ## Task 5.15: three questions (5 points, written)
#
# 1. Most of VGG-16's parameters are in a few layers, and most of its activations in a few others. Which, and why?
#    What replaces the expensive layers in GoogLeNet and in ResNet? (2 points)
# 2. For a block without the last ReLU, $y = x + f(x)$. What is $\partial y / \partial x$, and what does a gradient see
#    that passes through fifty such blocks? (2 points)
# 3. In your `BasicBlock`, what would change if the ReLU came before the addition instead of after it? (1 point)
#
# Eight to fifteen lines are plenty.

# %% [markdown] written="questions" points=5
# ### BEGIN SOLUTION
# **1.** The first fully connected layer alone has 102.8 of 138.4 million parameters: it gives each of its 4,096 outputs
# a weight of its own for every one of the 25,088 numbers of the last map. The three fully connected layers together
# hold nine tenths of all. Nearly half of all activations are in the first two convolutions (with the first pooling),
# since their maps have the full 224 by 224 positions. GoogLeNet and ResNet average every last map to one number, and
# end in one small linear layer.
#
# **2.** $\partial y/\partial x = I + \partial f/\partial x$. Through fifty blocks the gradient is multiplied by fifty
# such factors; expanded, the product contains the identity: one path on which nothing is lost, beside all paths through
# one or more branches. Without shortcuts only the product of all fifty $\partial f/\partial x$ is left, which easily
# vanishes or explodes.
#
# **3.** Then the branch could only add, never take away: $y \ge x$ in every place (where the shortcut is the identity),
# so values grow from block to block, and the sum itself is not bent any more.
#
# **Marking guide.** 1: both places named with the reason (weights for every position; many positions) 1, the average
# over positions 1. 2: the identity in the derivative 1, the direct path (or the contrast to the plain product) 1. 3:
# the branch can no longer be negative 1.
# ### END SOLUTION

# %% [markdown] locked="finish"
# ---
# ## Before you hand in
#
# 1. *Kernel → Restart Kernel and Run All Cells*, and read the last line of every check.
# 2. Save, and hand in this notebook under its own name, `architectures.ipynb`.
#
# **If you have an hour left:** replace the basic blocks of your ResNet by `DepthwiseSeparable` blocks with as many
# maps. How many parameters are left, how long does an epoch take, and what does it cost in accuracy? Measure with three
# seeds before you believe a difference.
