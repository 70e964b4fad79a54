# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown] locked="introduction"
# # Convolution
#
# A convolutional layer is a small idea: look at a picture through a window, apply the same few weights at every
# place. You are going to write it, forward and backward, together with the layers that usually stand beside it, and
# you will measure whether your gradients are right. Everything is NumPy and loops that you can follow with a finger.
#
# | | you will build | points |
# |---|---|---|
# | **Part A** | the size of an output; the convolution, forward | 17 |
# | **Part B** | a numerical gradient; a check for any layer; the convolution, backward, and why it is one | 31 |
# | **Part C** | max pooling and average pooling, forward and backward | 19 |
# | **Part D** | the same layer in other forms: columns of a matrix, fully connected, depthwise separable | 21 |
# | **Part E** | what a layer costs and how far it sees | 12 |
#
# **Time.** About ten hours for most people: two for Part A, three for Part B, two for Part C, two for Part D, one for
# Part E. The computer needs a few seconds in all. Part B needs the convolution of Part A; Parts C, D and E need only
# `output_size`, so a stuck task does not stop you.
#
# **You need** the chapters *Convolution* and *Two-layer networks and backpropagation*, NumPy, and squared paper.
# PyTorch is not needed.

# %% [markdown] locked="how_grading_works"
# ## How grading works
#
# - Below every task stands a **check**. Run it as often as you like. It says in words what is right and what is
#   not yet, part by part, and its last line is the number of points.
# - After you hand in, **hidden checks** run. They are of the same kind and test nothing new; only the shapes and
#   the numbers differ. Images and windows are never square there, so a height in the place of a width shows.
# - **Parts earn points on their own.** A right `db` counts even if `dx` is wrong. An early mistake is not punished
#   twice: your gradients are also compared with the slope of *your own* forward function.
# - **Never graded:** speed (as long as a check takes less than ten seconds; loops are fine), style, prints, warnings,
# float32 or float64, what you put into a cache, equal numbers in one window of max pooling. Outside task 4.1,
# windows always fit exactly.
# - The two written answers are read by a person.
# - When a check recognises a mistake that many people make, it gives you a **hint** and a section to read again.
#   Three more hints wait below each task. Open them one at a time, and only after a try.
#
# Before you hand in: *Kernel → Restart Kernel and Run All Cells*. What works then works for us. You may add cells
# and helper functions; keep the names of the functions and do not change the cells with checks.
#
# **Working with others and with AI.** Talk about ideas with anyone; write the code and the text yourself. What this
# assignment allows with AI assistants stands on the course page *Assignments*, under the name of this assignment.
#
# **The letters**, here and in every chapter: $N$ images with $C$ channels, $H$ rows and $W$ columns; $F$ filters of
# $HH$ rows and $WW$ columns; stride $S$ and padding $P$, the same along both axes; outputs of $H'$ rows and $W'$
# columns.

# %% locked="setup"
import time

import matplotlib.pyplot as plt
import numpy as np

try:
    from cs_cnn.checks import check
except ImportError as error:
    message = "The course package is missing; install it as the page 'How to run the notebooks' says."
    raise ImportError(message) from error

# %% [markdown] locked="part_a"
# ---
# # Part A: a window that moves (17 points)

# %% [markdown] locked="task_output_size"
# ## Task 4.1: how many positions (4 points: windows that fit 2, windows that do not 2)
#
# **What.** Write `output_size(size, kernel, stride=1, pad=0)`: how many positions a window has along one axis.
#
# **Why.** Every layer of this notebook begins with this number, and most shapes that do not fit in a network are a
# mistake in it.
#
# **Formula.** Along an axis of $H$ pixels with $P$ zeros at *each* end, a window of $HH$ pixels that moves by $S$ has
#
# $$H' = \left\lfloor \frac{H + 2P - HH}{S} \right\rfloor + 1$$
#
# positions. When the last window does not fit, it is left out: round down.
#
# **In.** Four integers; the window is never larger than the padded axis. **Out.** An integer.
#
# **One number.** `output_size(7, 3, stride=2)` is 3, and so is `output_size(8, 3, stride=2)`.
# `output_size(32, 5, pad=2)` is 32.
#
# <details><summary>Hint 1: the idea</summary>
#
# Count where windows may *begin*. The first one begins at 0. Where does the last one begin?
# </details>
#
# <details><summary>Hint 2: the shape</summary>
#
# A window as large as the padded axis has one position, not none.
# </details>
#
# <details><summary>Hint 3: nearly code</summary>
#
# `//` divides integers and rounds down. It binds more tightly than `+` and `-`, so parentheses decide what is
# divided.
# </details>
#
# Read: chapter *Convolution*, section *Stride, padding and the size of the output*.


# %% answer="output_size"
def output_size(size, kernel, stride=1, pad=0):
    """Return the number of positions of a window along one axis, rounded down."""
    ### BEGIN SOLUTION
    return (size + 2 * pad - kernel) // stride + 1
    ### END SOLUTION


# %% test="output_size" points=4
check("a4.output_size", output_size)
### BEGIN HIDDEN TESTS
check("a4.output_size", output_size, hidden=True, seed=40401)
### END HIDDEN TESTS

# %% [markdown] locked="task_conv2d_forward"
# ## Task 4.2: convolution, forward (13 points: window 4, bias 2, stride 3, pad 3, together 1)
#
# **What.** Write `conv2d_forward(x, w, b, stride=1, pad=0)`, which returns `out` and a cache.
#
# **Why.** One filter asks one question ("is there an edge like this?") at every place of the picture, with the same
# few weights. That is all a convolutional layer does.
#
# **Formula.** With $x$ padded by $P$ zeros at all four sides,
#
# $$\text{out}[n, f, i, j] = b[f] + \sum_{c, k, m} x[n, c,\, iS + k,\, jS + m]\; w[f, c, k, m] .$$
#
# The filter lies on the image as it is; it is not flipped. The cache is your note to yourself for the backward pass:
# put into it whatever you like. Nobody looks inside.
#
# **In.** `x` `(N, C, H, W)`, `w` `(F, C, HH, WW)`, `b` `(F,)`, two integers. **Out.** `out` `(N, F, H', W')`,
# `cache`.
#
# **One number.** The image $\begin{pmatrix}1&2&3\\4&5&6\\7&8&9\end{pmatrix}$, the filter
# $\begin{pmatrix}1&0\\0&-1\end{pmatrix}$ and the bias 0.5 give a 2 by 2 output with $-3.5$ in every place. With
# `pad=1` the output is 4 by 4; it begins with $-0.5$ and ends with 9.5.
#
# <details><summary>Hint 1: the idea</summary>
#
# Two loops over the positions of the output. In each, cut the window out of the padded image and compare it with
# every filter.
# </details>
#
# <details><summary>Hint 2: the shape</summary>
#
# The window of all images at once has the shape `(N, C, HH, WW)`, a filter `(C, HH, WW)`. Three axes are summed, and
# `(N, F)` is left: one number for every image and filter.
# </details>
#
# <details><summary>Hint 3: nearly code</summary>
#
# `np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))` adds zeros to rows and columns, and works for `pad=0`. The
# rows of window `i` are `i * stride` up to `i * stride + HH`. `np.tensordot` and `np.einsum` sum over several axes
# at once; a loop over filters with `(window * w[f]).sum(axis=...)` does it too.
# </details>
#
# Read: chapter *Convolution*, sections *One window, then all of them* and
# *Channels: every filter sees all of them*.


# %% answer="conv2d_forward"
def conv2d_forward(x, w, b, stride=1, pad=0):
    """Return out (N, F, H', W') and a cache for conv2d_backward."""
    ### BEGIN SOLUTION
    n, _, height, width = x.shape
    f, _, hh, ww = w.shape
    out = np.zeros((n, f, output_size(height, hh, stride, pad), output_size(width, ww, stride, pad)))
    padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    for i in range(out.shape[2]):
        for j in range(out.shape[3]):
            window = padded[:, :, i * stride : i * stride + hh, j * stride : j * stride + ww]
            out[:, :, i, j] = np.tensordot(window, w, axes=((1, 2, 3), (1, 2, 3))) + b
    return out, (padded, w, stride, pad)
    ### END SOLUTION


# %% test="conv2d_forward" points=13
check("a4.conv2d_forward", conv2d_forward)
### BEGIN HIDDEN TESTS
check("a4.conv2d_forward", conv2d_forward, hidden=True, seed=40402)
### END HIDDEN TESTS

# %% [markdown] locked="look_at_edges"
# ### Look at it
#
# A filter with weights chosen by hand: the Sobel kernels answer where the picture becomes brighter to the right, and
# where it becomes brighter downwards. The next cell shows them a photograph through *your* layer. Change the kernels
# as you like.

# %% look="edges"
from sklearn.datasets import load_sample_image

photograph = load_sample_image("flower.jpg")[::4, ::4].mean(axis=2) / 255  # grey, every fourth pixel
sobel = np.array([[1, 0, -1], [2, 0, -2], [1, 0, -1]]) / 4.0
try:
    kernels = np.stack([-sobel, -sobel.T])[:, None]
    edges, _ = conv2d_forward(photograph[None, None], kernels, np.zeros(2))
except NotImplementedError:
    print("There is nothing to see yet: finish task 4.2 first.")
else:
    fig, axes = plt.subplots(1, 3, figsize=(9, 2.4), layout="constrained")
    titles = ["photograph", "brighter to the right", "brighter downwards"]
    for ax, picture, title in zip(axes, [photograph, *edges[0]], titles, strict=True):
        signed = title != "photograph"
        limits = {"vmin": -0.5, "vmax": 0.5} if signed else {"vmin": 0, "vmax": 1}
        ax.imshow(picture, cmap="RdBu_r" if signed else "gray", **limits)
        ax.set_title(title)
        ax.axis("off")
    plt.show()

# %% [markdown] locked="part_b"
# ---
# # Part B: gradients, and how to trust them (31 points)
#
# You are about to write gradients with many indices. Build the instrument that tells right from wrong first.

# %% [markdown] locked="task_numerical_gradient"
# ## Task 4.3: a numerical gradient (5 points: values 2, accuracy 1, any function 1, x kept 1)
#
# **What.** Write `numerical_gradient(f, x, dout)`, which measures the gradient of $L = \sum \text{dout} \cdot f(x)$
# with respect to `x`.
#
# **Why.** It knows nothing about `f`, so it cannot share a mistake with your derivation.
#
# **Formula.** For every entry $x_k$, with a step $h = 10^{-5}$,
#
# $$\frac{\partial L}{\partial x_k} \approx \sum \text{dout} \cdot \frac{f(x + h e_k) - f(x - h e_k)}{2h} ,$$
#
# where $e_k$ is 1 in place $k$ and 0 elsewhere.
#
# **In.** `f`: a function of one array that returns an array; it may return its very argument. `x`: a float array of
# any shape. `dout`: an array of the shape of `f(x)`. **Out.** An array of the shape of `x`, with seven right digits
# for $f(x) = x^3$. After the call, `x` holds what it held before.
#
# **One number.** For `f = lambda x: x**2`, $x = (1, -3)$ and $\text{dout} = (1, 10)$ the gradient is $(2, -60)$.
#
# <details><summary>Hint 1: the idea</summary>
#
# One entry at a time: move it up, call `f`; move it down, call `f`; put it back.
# </details>
#
# <details><summary>Hint 2: the shape</summary>
#
# `f(x)` may have another shape than `x`. The change of each output counts with its own `dout`, and all of them add up
# to one number: one entry of the gradient.
# </details>
#
# <details><summary>Hint 3: nearly code</summary>
#
# `for index in np.ndindex(*x.shape):` visits every entry as `x[index]`. Remember the old number itself to restore it.
# If `f` returns its argument, the result changes when you change `x` again: keep a copy.
# </details>
#
# Read: chapter *Two-layer networks and backpropagation*, section *Checking a gradient*.


# %% answer="numerical_gradient"
def numerical_gradient(f, x, dout):
    """Measure the gradient of sum(dout * f(x)) with respect to x by central differences."""
    ### BEGIN SOLUTION
    h = 1e-5
    gradient = np.zeros(x.shape)
    for index in np.ndindex(*x.shape):
        old = x[index]
        x[index] = old + h
        above = np.array(f(x))  # a copy, in case f returns x
        x[index] = old - h
        below = np.array(f(x))
        x[index] = old
        gradient[index] = np.sum(dout * (above - below)) / (2 * h)
    return gradient
    ### END SOLUTION


# %% test="numerical_gradient" points=5
check("a4.numerical_gradient", numerical_gradient)
### BEGIN HIDDEN TESTS
check("a4.numerical_gradient", numerical_gradient, hidden=True, seed=40403)
### END HIDDEN TESTS

# %% [markdown] locked="task_gradient_errors"
# ## Task 4.4: a check for any layer (5 points: right layer 1, wrong gradient 3, wrong shape 1)
#
# **What.** Write `gradient_errors(forward, backward, arrays, dout)`, which compares every gradient that `backward`
# returns with a measured one, and returns the list of their relative errors.
#
# **Why.** You will run it on your own layers a few cells from here, and on any layer you write later.
#
# **Formula.** For a gradient $g$ and the measured gradient $m$ of the same shape
#
# $$\text{error} = \frac{\max |g - m|}{\max(\max |g|,\; \max |m|)} .$$
#
# If the shapes differ, the error is `np.inf`, even if NumPy could broadcast them.
#
# **In.** `forward(*arrays)` returns `out, cache`; `backward(dout, cache)` returns a tuple with one gradient for
# each array, in their order. `arrays`: a list of arrays. `dout`: an array of the shape of `out`. **Out.** A list of
# floats, as long as `arrays`.
#
# **One number.** $g = (1, 2)$ and $m = (1, 4)$ have the error 0.5. A right layer gets errors below $10^{-6}$.
#
# <details><summary>Hint 1: the idea</summary>
#
# To measure the gradient of array `k`, you need a function of that array alone; the others stay as they are.
# </details>
#
# <details><summary>Hint 2: the shape</summary>
#
# `out` is the first of the two results of `forward`. The shape of a measured gradient is the shape of its array.
# </details>
#
# <details><summary>Hint 3: nearly code</summary>
#
# Inside the loop, define `def f(moved):` that puts `moved` in the place of `arrays[k]` in a copy of the list, calls
# `forward` with it and returns `out`. Hand it to your `numerical_gradient`.
# </details>
#
# Read: chapter *Two-layer networks and backpropagation*, section *Checking a gradient*.


# %% answer="gradient_errors"
def gradient_errors(forward, backward, arrays, dout):
    """Return the relative error of every gradient of a layer; infinity where a shape is wrong."""
    ### BEGIN SOLUTION
    _, cache = forward(*arrays)
    errors = []
    for k, gradient in enumerate(backward(dout, cache)):

        def f(moved, k=k):
            return forward(*arrays[:k], moved, *arrays[k + 1 :])[0]

        measured = numerical_gradient(f, arrays[k].copy(), dout)
        if gradient.shape != measured.shape:
            errors.append(np.inf)
            continue
        largest = max(np.abs(gradient).max(), np.abs(measured).max())
        errors.append(float(np.abs(gradient - measured).max() / largest))
    return errors
    ### END SOLUTION


# %% test="gradient_errors" points=5
check("a4.gradient_errors", gradient_errors)
### BEGIN HIDDEN TESTS
check("a4.gradient_errors", gradient_errors, hidden=True, seed=40404)
### END HIDDEN TESTS

# %% [markdown] locked="task_conv2d_backward"
# ## Task 4.5: convolution, backward (13 points: dx 6, dw 4, db 3)
#
# **What.** Write `conv2d_backward(dout, cache)`, which returns `dx, dw, db`.
#
# **Why.** The filters of a network are not chosen, they are learned, and this is the function that tells them how to
# change.
#
# **Formula.** Do not look for a formula with many indices. Follow the forward pass: position $(i, j)$ multiplied a
# window with a filter and added a bias. So from $\text{dout}[n, f, i, j]$, call it $d$, the filter $f$ receives $d$
# times that window, the window receives $d$ times the filter, and the bias receives $d$. All contributions add up.
#
# **In.** `dout` `(N, F, H', W')`, any numbers; `cache` from your own `conv2d_forward`. **Out.** Gradients with the
# shapes of `x`, `w` and `b`. Nothing is divided by $N$ here.
#
# **One number.** In the example of task 4.2 (without padding) with ones in `dout`: `db` is 4, `dw` is
# $\begin{pmatrix}12&16\\24&28\end{pmatrix}$, and `dx` begins with 1, ends with $-1$ and is 0 in the centre.
#
# <details><summary>Hint 1: the idea</summary>
#
# The same two loops as in the forward pass, over the same windows. What was read there is written to here.
# </details>
#
# <details><summary>Hint 2: the shape</summary>
#
# Collect in an array of the shape of the *padded* image and take the border off at the end. With `pad=0` there is no
# border, and `a[0:-0]` is empty. `db` `(F,)` collects from every image and every position.
# </details>
#
# <details><summary>Hint 3: nearly code</summary>
#
# With `d = dout[:, :, i, j]` `(N, F)`, the window `(N, C, HH, WW)` and `w` `(F, C, HH, WW)`: for `dw` the sum runs
# over $n$, for the window over $f$. `np.einsum` says it in letters. Windows overlap, so add with `+=`.
# </details>
#
# Read: chapter *Convolution*, section *The backward pass*.


# %% answer="conv2d_backward"
def conv2d_backward(dout, cache):
    """Return dx, dw, db with the shapes of x, w, b."""
    ### BEGIN SOLUTION
    padded, w, stride, pad = cache
    hh, ww = w.shape[2:]
    dpadded, dw = np.zeros(padded.shape), np.zeros(w.shape)
    for i in range(dout.shape[2]):
        for j in range(dout.shape[3]):
            rows = slice(i * stride, i * stride + hh)
            columns = slice(j * stride, j * stride + ww)
            d = dout[:, :, i, j]
            dw += np.tensordot(d, padded[:, :, rows, columns], axes=(0, 0))
            dpadded[:, :, rows, columns] += np.tensordot(d, w, axes=(1, 0))
    dx = dpadded[:, :, pad : padded.shape[2] - pad, pad : padded.shape[3] - pad]
    return dx, dw, dout.sum(axis=(0, 2, 3))
    ### END SOLUTION


# %% test="conv2d_backward" points=13
check("a4.conv2d_backward", conv2d_forward, conv2d_backward)
### BEGIN HIDDEN TESTS
check("a4.conv2d_backward", conv2d_forward, conv2d_backward, hidden=True, seed=40405)
### END HIDDEN TESTS

# %% [markdown] locked="look_at_your_gradients"
# ### Check it yourself
#
# Your instrument, on your layer. Change stride and padding; then break a line of `conv2d_backward` on purpose and see
# which number notices.

# %% look="gradients"
rng = np.random.default_rng(4)
stride, pad = 2, 1
arrays = [rng.normal(size=(2, 3, 5, 7)), rng.normal(size=(4, 3, 3, 3)), rng.normal(size=4)]
try:
    layer_out, _ = conv2d_forward(*arrays, stride=stride, pad=pad)
    errors = gradient_errors(
        lambda x, w, b: conv2d_forward(x, w, b, stride=stride, pad=pad),
        conv2d_backward,
        arrays,
        rng.normal(size=layer_out.shape),
    )
except NotImplementedError:
    print("There is nothing to check yet: finish tasks 4.2 to 4.5 first.")
else:
    for name, gradient_error in zip(["dx", "dw", "db"], errors, strict=True):
        print(f"{name}: relative error {gradient_error:.1e}")

# %% [markdown] locked="task_why_backward"
# ## Task 4.6: why the backward pass is a convolution (8 points, written)
#
# Take one axis, one channel, one filter of $K$ weights, stride 1, no padding: $y_i = \sum_{k=0}^{K-1} w_k\, x_{i+k}$.
# Write $\delta_i$ for $\partial L / \partial y_i$. In the cell below:
#
# 1. Derive $\partial L / \partial x_p$ as a sum over $k$ (3 points).
# 2. Say in words which convolution that is: what is the image, what is the kernel, how much padding does it need, and
#    what happens to the kernel? (2 points)
# 3. Which sum is $\partial L / \partial w_k$, and why does it have as many terms as there are positions? (1 point)
# 4. Now let the stride be 2. What has to be done to $\delta$ before the same convolution gives
#    $\partial L / \partial x$? (2 points)
#
# Ten to twenty lines are plenty. Formulas go between dollar signs.

# %% [markdown] written="why_backward" points=8
# ### BEGIN SOLUTION
# **1.** $x_p$ occurs in $y_i$ when $i + k = p$ for some $k$, that is in $y_{p-k}$, with the weight $w_k$. The chain
# rule adds up all these paths:
#
# $$\frac{\partial L}{\partial x_p} = \sum_i \delta_i \frac{\partial y_i}{\partial x_p}
# = \sum_{k=0}^{K-1} w_k\, \delta_{p-k},$$
#
# where $\delta$ outside its range counts as 0.
#
# **2.** The image is $\delta$, the kernel is $w$. The index of $\delta$ runs *against* that of $w$, so in the form
# of a layer (a correlation) the kernel is flipped: with $k = K - 1 - k'$ the sum is
# $\sum_{k'} w_{K-1-k'}\, \delta_{p - (K-1) + k'}$. It reads from $p - (K-1)$ to $p$, so $\delta$ needs $K - 1$
# zeros at each end.
#
# **3.** $\partial L/\partial w_k = \sum_i \delta_i\, x_{i+k}$: the image correlated with $\delta$. The same weight
# is used at every position, so every position contributes one term.
#
# **4.** Now $y_i = \sum_k w_k x_{2i+k}$. Put a zero between neighbouring entries of $\delta$, so that $\delta_i$
# stands in place $2i$. These are the outputs that a stride of 1 would have had, with no gradient for those that
# were skipped. Then convolve as before (and pixels that no window reached get 0).
#
# **Marking guide.** 1: the right set of outputs 1, chain rule as a sum over them 1, the result 1. 2: flipped kernel
# 1, image $\delta$ with $K - 1$ zeros at each end 1. 3: formula or words with the sharing of the weight 1. 4: zeros
# between the entries 1, a reason or a small example that shows it 1. Accept a worked example with $K = 2$ or 3 in
# place of general letters if the general rule is stated.
# ### END SOLUTION

# %% [markdown] locked="part_c"
# ---
# # Part C: pooling (19 points)

# %% [markdown] locked="task_max_pool2d_forward"
# ## Task 4.7: max pooling, forward (5 points: tiles 2, overlapping 2, negative 1)
#
# **What.** Write `max_pool2d_forward(x, size=(2, 2), stride=2)`, which returns `out` and a cache.
#
# **Why.** The map of a filter says where something was found. Often "somewhere around here" is enough, and a
# quarter of the numbers saves three quarters of the work above.
#
# **Formula.** $\text{out}[n, c, i, j] = \max_{k, m} x[n, c,\, iS + k,\, jS + m]$, channel by channel. Windows
# overlap when the stride is smaller than the window.
#
# **In.** `x` `(N, C, H, W)`, of any sign; `size`: the window's rows and columns, a pair `(HH, WW)`; `stride`: an
# integer. **Out.** `out` `(N, C, H', W')`, `cache`.
#
# **One number.** $\begin{pmatrix}1&3&2\\4&6&5\\3&1&9\end{pmatrix}$ with windows of 2 by 2 and stride 1 gives
# $\begin{pmatrix}6&6\\6&9\end{pmatrix}$.
#
# <details><summary>Hint 1: the idea</summary>
#
# The loops of task 4.2 once more; only what happens to the window is different.
# </details>
#
# <details><summary>Hint 2: the shape</summary>
#
# A window of all images and channels has the shape `(N, C, HH, WW)`; its maximum over two axes has `(N, C)`.
# </details>
#
# <details><summary>Hint 3: nearly code</summary>
#
# `output_size` gives the two sizes. `a.max(axis=(2, 3))` looks along two axes. If you keep a running maximum, think
# of what it starts with.
# </details>
#
# Read: chapter *Convolution*, section *Pooling*.


# %% answer="max_pool2d_forward"
def max_pool2d_forward(x, size=(2, 2), stride=2):
    """Return out (N, C, H', W'), the largest number of each window, and a cache."""
    ### BEGIN SOLUTION
    hh, ww = size
    out = np.zeros((*x.shape[:2], output_size(x.shape[2], hh, stride), output_size(x.shape[3], ww, stride)))
    for i in range(out.shape[2]):
        for j in range(out.shape[3]):
            window = x[:, :, i * stride : i * stride + hh, j * stride : j * stride + ww]
            out[:, :, i, j] = window.max(axis=(2, 3))
    return out, (x, size, stride)
    ### END SOLUTION


# %% test="max_pool2d_forward" points=5
check("a4.max_pool2d_forward", max_pool2d_forward)
### BEGIN HIDDEN TESTS
check("a4.max_pool2d_forward", max_pool2d_forward, hidden=True, seed=40407)
### END HIDDEN TESTS

# %% [markdown] locked="task_max_pool2d_backward"
# ## Task 4.8: max pooling, backward (7 points: tiles 3, overlapping 4)
#
# **What.** Write `max_pool2d_backward(dout, cache)`, which returns `dx`.
#
# **Why.** There is nothing to learn in a pooling layer, but the gradient must find its way through it to the filters
# below.
#
# **Formula.** Raise one pixel a little: the output of a window notices only if the pixel is its largest. So each
# window hands its gradient to its winner. A pixel that wins several windows collects from all of them.
#
# **In.** `dout` `(N, C, H', W')`; `cache` from your `max_pool2d_forward`. **Out.** `dx`, with the shape of `x`. No
# window has two largest numbers.
#
# **One number.** In the example of task 4.7 with $\text{dout} = \begin{pmatrix}1&2\\3&4\end{pmatrix}$ the pixel
# with the 6 gets $1 + 2 + 3 = 6$, the pixel with the 9 gets 4, and all others get 0.
#
# <details><summary>Hint 1: the idea</summary>
#
# Find the winner of each window again, or remember it in the cache.
# </details>
#
# <details><summary>Hint 2: the shape</summary>
#
# `argmax` of a window counts its entries row by row, from the corner of the window. A row has `WW` entries.
# </details>
#
# <details><summary>Hint 3: nearly code</summary>
#
# Either loop over `np.ndindex(*dout.shape)` and use `divmod(window.argmax(), WW)`; or compare a window with its
# maximum to get a mask of the winners, multiply with `dout[:, :, i, j, None, None]`, and add it to the window in
# `dx`.
# </details>
#
# Read: chapter *Convolution*, section *Pooling*.


# %% answer="max_pool2d_backward"
def max_pool2d_backward(dout, cache):
    """Return dx: each window's gradient goes to its largest pixel."""
    ### BEGIN SOLUTION
    x, (hh, ww), stride = cache
    dx = np.zeros(x.shape)
    for i in range(dout.shape[2]):
        for j in range(dout.shape[3]):
            rows = slice(i * stride, i * stride + hh)
            columns = slice(j * stride, j * stride + ww)
            window = x[:, :, rows, columns]
            winners = window == window.max(axis=(2, 3), keepdims=True)
            dx[:, :, rows, columns] += winners * dout[:, :, i, j, None, None]
    return dx
    ### END SOLUTION


# %% test="max_pool2d_backward" points=7
check("a4.max_pool2d_backward", max_pool2d_forward, max_pool2d_backward)
### BEGIN HIDDEN TESTS
check("a4.max_pool2d_backward", max_pool2d_forward, max_pool2d_backward, hidden=True, seed=40408)
### END HIDDEN TESTS

# %% [markdown] locked="task_avg_pool2d"
# ## Task 4.9: average pooling (7 points: forward 2, dx for tiles 2, dx for overlapping windows 3)
#
# **What.** Write `avg_pool2d_forward(x, size=(2, 2), stride=2)` and `avg_pool2d_backward(dout, cache)`: the same
# with the mean of each window.
#
# **Why.** Modern networks end with the mean over each whole map. And it is the simplest case of a rule that you
# will meet again: where the forward pass averages, the backward pass shares.
#
# **Formula.** $\text{out}[n, c, i, j] = \frac{1}{HH \cdot WW} \sum_{k, m} x[n, c,\, iS + k,\, jS + m]$.
#
# **In, out.** As in tasks 4.7 and 4.8.
#
# **One number.** The image of task 4.7 gives $\begin{pmatrix}3.5&4\\3.5&5.25\end{pmatrix}$. With
# $\text{dout} = \begin{pmatrix}1&2\\3&4\end{pmatrix}$ the pixel in the centre gets 2.5, the one in the upper left
# corner 0.25.
#
# <details><summary>Hint 1: the idea</summary>
#
# All pixels of a window have the same say in a mean. How much is it?
# </details>
#
# <details><summary>Hint 2: the shape</summary>
#
# The backward pass needs no pixel values, only the shape of `x`, the window and the stride.
# </details>
#
# <details><summary>Hint 3: nearly code</summary>
#
# The share of a window is `dout[:, :, i, j]` divided by its number of pixels. With two axes of length 1 behind it, it
# broadcasts over the window.
# </details>
#
# Read: chapter *Convolution*, section *Pooling*.


# %% answer="avg_pool2d"
def avg_pool2d_forward(x, size=(2, 2), stride=2):
    """Return out (N, C, H', W'), the mean of each window, and a cache."""
    ### BEGIN SOLUTION
    hh, ww = size
    out = np.zeros((*x.shape[:2], output_size(x.shape[2], hh, stride), output_size(x.shape[3], ww, stride)))
    for i in range(out.shape[2]):
        for j in range(out.shape[3]):
            window = x[:, :, i * stride : i * stride + hh, j * stride : j * stride + ww]
            out[:, :, i, j] = window.mean(axis=(2, 3))
    return out, (x.shape, size, stride)
    ### END SOLUTION


def avg_pool2d_backward(dout, cache):
    """Return dx: each window's gradient is shared equally among its pixels."""
    ### BEGIN SOLUTION
    shape, (hh, ww), stride = cache
    dx = np.zeros(shape)
    for i in range(dout.shape[2]):
        for j in range(dout.shape[3]):
            share = dout[:, :, i, j, None, None] / (hh * ww)
            dx[:, :, i * stride : i * stride + hh, j * stride : j * stride + ww] += share
    return dx
    ### END SOLUTION


# %% test="avg_pool2d" points=7
check("a4.avg_pool2d", avg_pool2d_forward, avg_pool2d_backward)
### BEGIN HIDDEN TESTS
check("a4.avg_pool2d", avg_pool2d_forward, avg_pool2d_backward, hidden=True, seed=40409)
### END HIDDEN TESTS

# %% [markdown] locked="look_at_pooling"
# ### Look at it
#
# A shoe from Fashion-MNIST, and what is left of it. Which of the two keeps thin bright lines?

# %% look="pooling"
from cs_cnn import data

shoe = data.load("fashion-mnist").x_train[:1].astype(float)
try:
    pooled = {
        "28 x 28": shoe,
        "largest of 4 x 4": max_pool2d_forward(shoe, size=(4, 4), stride=4)[0],
        "mean of 4 x 4": avg_pool2d_forward(shoe, size=(4, 4), stride=4)[0],
    }
except NotImplementedError:
    print("There is nothing to see yet: finish tasks 4.7 and 4.9 first.")
else:
    fig, axes = plt.subplots(1, 3, figsize=(7.5, 2.6), layout="constrained")
    for ax, (title, picture) in zip(axes, pooled.items(), strict=True):
        ax.imshow(picture[0, 0], cmap="gray", vmin=0, vmax=1)
        ax.set_title(title)
        ax.axis("off")
    plt.show()

# %% [markdown] locked="part_d"
# ---
# # Part D: the same layer in other forms (21 points)

# %% [markdown] locked="task_im2col"
# ## Task 4.10: windows as columns (6 points: windows 3, stride 1, pad 2)
#
# **What.** Write `im2col(x, kernel, stride=1, pad=0)`, which copies every window into a column of a matrix.
#
# **Why.** With it the whole convolution is one matrix product, the operation that computers do best:
# `w.reshape(F, -1) @ columns`.
#
# **Formula.** Column number $(n H' + i) W' + j$ holds the window of output $(i, j)$ in image $n$: all windows of
# image 0 first, row by row. In a column the order is that of the weights of a filter: channel, then row, then
# column of the window.
#
# **In.** `x` `(N, C, H, W)`, `kernel`: the pair `(HH, WW)`, two integers. **Out.** A matrix
# `(C * HH * WW, N * H' * W')`.
#
# **One number.** For the image of task 4.2 and windows of 2 by 2 the matrix is 4 by 4, and its first two columns are
# $(1, 2, 4, 5)$ and $(2, 3, 5, 6)$.
#
# <details><summary>Hint 1: the idea</summary>
#
# Make an array with all axes apart first, `(C * HH * WW, N, H', W')`, and reshape it at the very end.
# </details>
#
# <details><summary>Hint 2: the shape</summary>
#
# `reshape` keeps the order of the numbers in memory, it only cuts it elsewhere. To bring an axis to the front you
# need `transpose` before it.
# </details>
#
# <details><summary>Hint 3: nearly code</summary>
#
# A window `(N, C, HH, WW)` becomes `(N, C * HH * WW)` by `reshape(N, -1)`; its transpose is what stands at
# `[:, :, i, j]` of that array.
# </details>
#
# Read: chapter *How convolution is computed fast*, section *Gather, then multiply: im2col*.


# %% answer="im2col"
def im2col(x, kernel, stride=1, pad=0):
    """Return the matrix (C * HH * WW, N * H' * W') whose columns are the windows."""
    ### BEGIN SOLUTION
    n, c, height, width = x.shape
    hh, ww = kernel
    high, wide = output_size(height, hh, stride, pad), output_size(width, ww, stride, pad)
    padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    columns = np.zeros((c * hh * ww, n, high, wide))
    for i in range(high):
        for j in range(wide):
            window = padded[:, :, i * stride : i * stride + hh, j * stride : j * stride + ww]
            columns[:, :, i, j] = window.reshape(n, -1).T
    return columns.reshape(c * hh * ww, n * high * wide)
    ### END SOLUTION


# %% test="im2col" points=6
check("a4.im2col", im2col)
### BEGIN HIDDEN TESTS
check("a4.im2col", im2col, hidden=True, seed=40410)
### END HIDDEN TESTS

# %% [markdown] locked="task_col2im"
# ## Task 4.11: and back (6 points: apart 2, overlapping 2, pad 2)
#
# **What.** Write `col2im(columns, shape, kernel, stride=1, pad=0)`, which adds every entry of the matrix to the pixel
# that `im2col` would have copied it from.
#
# **Why.** It is the backward pass of `im2col`: a pixel that was copied into several columns gets the sum of their
# gradients. With it, `dx` of a convolution is `col2im(w.reshape(F, -1).T @ ..., ...)`.
#
# **In.** `columns` `(C * HH * WW, N * H' * W')`, in the order of task 4.10; `shape`: the tuple `(N, C, H, W)`; the
# rest as in task 4.10. **Out.** An array `(N, C, H, W)`. What belongs to the border of zeros is dropped.
#
# **One number.** A 4 by 4 matrix of ones, for an image of 3 by 3 and windows of 2 by 2, gives
# $\begin{pmatrix}1&2&1\\2&4&2\\1&2&1\end{pmatrix}$.
#
# <details><summary>Hint 1: the idea</summary>
#
# The loops of `im2col`, with the arrow turned round: what was read is written to, and added.
# </details>
#
# <details><summary>Hint 2: the shape</summary>
#
# First undo the last reshape: `(C * HH * WW, N, H', W')`. Collect in the padded image and crop at the end; `pad` may
# be 0.
# </details>
#
# <details><summary>Hint 3: nearly code</summary>
#
# `columns[:, :, i, j]` is `(C * HH * WW, N)`; its transpose, reshaped to `(N, C, HH, WW)`, is added to a window.
# </details>
#
# Read: chapter *How convolution is computed fast*, section *Backward is the adjoint*.


# %% answer="col2im"
def col2im(columns, shape, kernel, stride=1, pad=0):
    """Add every entry of the columns to the pixel of (N, C, H, W) it came from."""
    ### BEGIN SOLUTION
    n, c, height, width = shape
    hh, ww = kernel
    high, wide = output_size(height, hh, stride, pad), output_size(width, ww, stride, pad)
    columns = columns.reshape(c * hh * ww, n, high, wide)
    padded = np.zeros((n, c, height + 2 * pad, width + 2 * pad))
    for i in range(high):
        for j in range(wide):
            window = columns[:, :, i, j].T.reshape(n, c, hh, ww)
            padded[:, :, i * stride : i * stride + hh, j * stride : j * stride + ww] += window
    return padded[:, :, pad : pad + height, pad : pad + width]
    ### END SOLUTION


# %% test="col2im" points=6
check("a4.col2im", col2im)
### BEGIN HIDDEN TESTS
check("a4.col2im", col2im, hidden=True, seed=40411)
### END HIDDEN TESTS

# %% [markdown] locked="look_at_speed"
# ### Measure it
#
# The same convolution by your loops and by one matrix product. How much of the second time is the copying?

# %% look="speed"
try:
    rng = np.random.default_rng(5)
    x, w, b = rng.normal(size=(8, 3, 32, 32)), rng.normal(size=(16, 3, 5, 5)), rng.normal(size=16)
    start = time.perf_counter()
    by_loops, _ = conv2d_forward(x, w, b, pad=2)
    middle = time.perf_counter()
    gathered = im2col(x, (5, 5), pad=2)
    copied = time.perf_counter()
    product = (w.reshape(16, -1) @ gathered).reshape(16, 8, 32, 32).transpose(1, 0, 2, 3) + b[:, None, None]
    end = time.perf_counter()
except NotImplementedError:
    print("There is nothing to measure yet: finish tasks 4.2 and 4.10 first.")
else:
    print("equal:", np.allclose(by_loops, product))
    print(f"loops {middle - start:.3f} s; copying {copied - middle:.3f} s, product {end - copied:.3f} s")

# %% [markdown] locked="task_affine_to_conv2d"
# ## Task 4.12: a fully connected layer is a convolution (4 points: filters 3, biases 1)
#
# **What.** Write `affine_to_conv2d(w, b, shape)`, which turns the weights of a fully connected layer into filters and
# biases of a convolution that computes the same.
#
# **Why.** A classifier for pictures of 224 by 224 then runs over a larger picture at once and gives a map of
# answers: one for each place where the small picture could be.
#
# **Formula.** An image `(C, H, W)`, read as one row of $D = C \cdot H \cdot W$ numbers as `x.reshape(N, -1)` does
# it, gives `x.reshape(N, -1) @ w + b`. A filter of $H$ by $W$ pixels has exactly one position on it.
#
# **In.** `w` `(D, M)`, `b` `(M,)`, `shape`: the tuple `(C, H, W)`. **Out.** `filters` `(M, C, H, W)`, `biases`
# `(M,)`, in a form that `conv2d_forward` takes.
#
# **One number.** For $w = \begin{pmatrix}1&2\\3&4\end{pmatrix}$ and `shape` $(1, 1, 2)$, filter 0 is $(1, 3)$.
#
# <details><summary>Hint 1: the idea</summary>
#
# Output $m$ of the layer is a sum over all pixels. Which weights does it use, and where do they stand in `w`?
# </details>
#
# <details><summary>Hint 2: the shape</summary>
#
# `reshape` fills the new array from the first number to the last. The first filter must come from the first
# *column* of `w`.
# </details>
#
# <details><summary>Hint 3: nearly code</summary>
#
# Bring the axis of the outputs to the front first; then the other axis can be cut into `(C, H, W)`.
# </details>
#
# Read: chapter *Convolution*, section *Channels: every filter sees all of them*.


# %% answer="affine_to_conv2d"
def affine_to_conv2d(w, b, shape):
    """Return filters (M, C, H, W) and biases (M,) of a convolution that equals the affine layer."""
    ### BEGIN SOLUTION
    return w.T.reshape(-1, *shape), b
    ### END SOLUTION


# %% test="affine_to_conv2d" points=4
check("a4.affine_to_conv2d", affine_to_conv2d)
### BEGIN HIDDEN TESTS
check("a4.affine_to_conv2d", affine_to_conv2d, hidden=True, seed=40412)
### END HIDDEN TESTS

# %% [markdown] locked="task_depthwise_separable"
# ## Task 4.13: a convolution in two steps (5 points: depthwise 2, pointwise 2, together 1)
#
# **What.** Write `depthwise_separable(x, depthwise, pointwise, b, stride=1, pad=0)`, which returns `out` alone,
# without a cache.
#
# **Why.** A filter does two things at once: it looks around, and it mixes channels. Done one after the other they
# cost a fraction, as Part E will show, and phones can afford them.
#
# **Formula.** First every channel is correlated with one small filter of its own, with stride and padding,
#
# $$\text{maps}[n, c, i, j] = \sum_{k, m} x[n, c,\, iS + k,\, jS + m]\; \text{depthwise}[c, k, m],$$
#
# then every pixel of the maps is mixed:
# $\text{out}[n, f, i, j] = b[f] + \sum_c \text{pointwise}[f, c]\; \text{maps}[n, c, i, j]$.
#
# **In.** `x` `(N, C, H, W)`, `depthwise` `(C, HH, WW)`, `pointwise` `(F, C)`, `b` `(F,)`. **Out.** `out`
# `(N, F, H', W')`.
#
# **One number.** Two channels of 3 by 3 ones; `depthwise` is nine ones for the first channel and nine twos for the
# second. The maps are 9 and 18. `pointwise` $= \begin{pmatrix}1&1\\1&-1\end{pmatrix}$ and `b` $= (0, 1)$ give 27
# and $-8$.
#
# <details><summary>Hint 1: the idea</summary>
#
# Task 4.2 without the sum over channels, and then a matrix product at every pixel.
# </details>
#
# <details><summary>Hint 2: the shape</summary>
#
# A window `(N, C, HH, WW)` times `depthwise` `(C, HH, WW)` broadcasts; summing the last two axes leaves `(N, C)`.
# </details>
#
# <details><summary>Hint 3: nearly code</summary>
#
# `np.einsum` with the letters of the second formula does the second step in one call. Or use `conv2d_forward` with
# filters of 1 by 1 pixel.
# </details>
#
# Read: chapter *Convolution*, section *What it costs*.


# %% answer="depthwise_separable"
def depthwise_separable(x, depthwise, pointwise, b, stride=1, pad=0):
    """Return out (N, F, H', W'): one filter for each channel, then a mixture of the channels at every pixel."""
    ### BEGIN SOLUTION
    n, c, height, width = x.shape
    hh, ww = depthwise.shape[1:]
    maps = np.zeros((n, c, output_size(height, hh, stride, pad), output_size(width, ww, stride, pad)))
    padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    for i in range(maps.shape[2]):
        for j in range(maps.shape[3]):
            window = padded[:, :, i * stride : i * stride + hh, j * stride : j * stride + ww]
            maps[:, :, i, j] = (window * depthwise).sum(axis=(2, 3))
    return np.einsum("fc,ncij->nfij", pointwise, maps) + b[:, None, None]
    ### END SOLUTION


# %% test="depthwise_separable" points=5
check("a4.depthwise_separable", depthwise_separable)
### BEGIN HIDDEN TESTS
check("a4.depthwise_separable", depthwise_separable, hidden=True, seed=40413)
### END HIDDEN TESTS

# %% [markdown] locked="part_e"
# ---
# # Part E: what a layer costs and how far it sees (12 points)

# %% [markdown] locked="task_conv_cost"
# ## Task 4.14: the cost of a convolution (4 points: weights 1, biases 1, multiply-adds 2)
#
# **What.** Write `conv_cost(shape, filters, kernel, stride=1, pad=0)`, which returns three integers: the number of
# weights, the number of biases, and the multiply-adds for one image.
#
# **Why.** Two numbers decide whether a network fits a device: what must be stored, and what must be computed. They
# are not proportional to each other.
#
# **Formula.** A multiply-add is one product of a weight and a pixel, with its addition. Every output number takes
# as many as a filter has weights. Products with padded zeros count too; adding a bias does not.
#
# **In.** `shape`: `(C, H, W)` of one image; `filters`: the number $F$; `kernel`: `(HH, WW)`; two integers. **Out.**
# `weights, biases, multiply_adds`.
#
# **One number.** Ten filters of 5 by 5 on a picture of 3 by 32 by 32 with `pad=2`: 750 weights, 10 biases, 768,000
# multiply-adds.
#
# <details><summary>Hint 1: the idea</summary>
#
# Draw one filter as a box of numbers. How deep is it?
# </details>
#
# <details><summary>Hint 2: the shape</summary>
#
# The output has $F$ maps of $H'$ by $W'$ numbers.
# </details>
#
# <details><summary>Hint 3: nearly code</summary>
#
# `output_size` twice, then products of whole numbers. Each weight is used once at every position.
# </details>
#
# Read: chapter *Convolution*, sections *From a trillion weights to a hundred* and *What it costs*.


# %% answer="conv_cost"
def conv_cost(shape, filters, kernel, stride=1, pad=0):
    """Return weights, biases and multiply-adds of a convolution for one image of shape (C, H, W)."""
    ### BEGIN SOLUTION
    c, height, width = shape
    weights = filters * c * kernel[0] * kernel[1]
    positions = output_size(height, kernel[0], stride, pad) * output_size(width, kernel[1], stride, pad)
    return weights, filters, weights * positions
    ### END SOLUTION


# %% test="conv_cost" points=4
check("a4.conv_cost", conv_cost)
### BEGIN HIDDEN TESTS
check("a4.conv_cost", conv_cost, hidden=True, seed=40414)
### END HIDDEN TESTS

# %% [markdown] locked="task_separable_cost"
# ## Task 4.15: the cost in two steps (3 points: weights 1, multiply-adds 2)
#
# **What.** Write `separable_cost(shape, filters, kernel, stride=1, pad=0)`, which returns the number of weights
# (without biases) and the multiply-adds of a depthwise separable convolution, both steps together.
#
# **In.** As in task 4.14. **Out.** `weights, multiply_adds`.
#
# **One number.** For the layer of task 4.14: 105 weights and 107,520 multiply-adds, about a seventh.
#
# <details><summary>Hint 1: the idea</summary>
#
# Count each step by itself, from the shapes of its arrays in task 4.13, and add.
# </details>
#
# <details><summary>Hint 2: the shape</summary>
#
# Both steps work on maps of $H'$ by $W'$: the stride belongs to the first step, and the second sees what it left.
# </details>
#
# <details><summary>Hint 3: nearly code</summary>
#
# The first step has $C$ filters of depth 1; the second has $F$ filters of 1 by 1 pixel and depth $C$.
# </details>
#
# Read: chapter *Convolution*, section *What it costs*.


# %% answer="separable_cost"
def separable_cost(shape, filters, kernel, stride=1, pad=0):
    """Return weights and multiply-adds of a depthwise separable convolution for one image (C, H, W)."""
    ### BEGIN SOLUTION
    c, height, width = shape
    weights = c * kernel[0] * kernel[1] + filters * c
    positions = output_size(height, kernel[0], stride, pad) * output_size(width, kernel[1], stride, pad)
    return weights, weights * positions
    ### END SOLUTION


# %% test="separable_cost" points=3
check("a4.separable_cost", separable_cost)
### BEGIN HIDDEN TESTS
check("a4.separable_cost", separable_cost, hidden=True, seed=40415)
### END HIDDEN TESTS

# %% [markdown] locked="look_at_costs"
# ### Look at it
#
# How much do the two steps save, for a layer in the middle of a network? Change the numbers and find out what
# decides it.

# %% look="costs"
try:
    for channels, side in [(16, 112), (64, 56), (256, 14), (512, 7)]:
        _, _, full = conv_cost((channels, side, side), channels, (3, 3), pad=1)
        _, steps = separable_cost((channels, side, side), channels, (3, 3), pad=1)
        ratio = f"{steps / full:.3f} of it"
        print(f"{channels:4} channels of {side:3} x {side:3}: {full:12,} and {steps:12,}, {ratio}")
except NotImplementedError:
    print("There is nothing to compare yet: finish tasks 4.14 and 4.15 first.")

# %% [markdown] locked="task_receptive_field"
# ## Task 4.16: how far does it see? (5 points, written)
#
# A network has five layers: a convolution of 3 by 3 (stride 1), average pooling of 2 by 2 (stride 2), a convolution
# of 3 by 3, average pooling of 2 by 2 (stride 2), a convolution of 3 by 3. One number of its output depends on a
# square of the picture, its *receptive field*.
#
# **Predict before you measure.** Write down your prediction first; the cell after your answer measures the field with
# your own layers. A wrong prediction with a good explanation of what was wrong earns full points.
#
# 1. How large is the field after each of the five layers? Explain the step from the fourth to the fifth. (2 points)
# 2. With *max* pooling in place of average pooling, the gradient of one output reaches fewer pixels than the field
#    has. Why, and has the field become smaller? (1 point)
# 3. How many weights has a single layer with the same field, compared with the three convolutions here, if all of
#    them have one channel? With $C$ channels everywhere? (1 point)
# 4. Name one change that enlarges the field without adding weights, and what it costs. (1 point)

# %% [markdown] written="receptive_field" points=5
# ### BEGIN SOLUTION
# **1.** 3, 4, 8, 10, 18. A layer adds (window − 1) times the distance, in pixels of the picture, between neighbours
# of the map it looks at. After two strides of 2 neighbours are 4 pixels apart, so the last window of 3 adds
# $2 \cdot 4 = 8$ to 10.
#
# **2.** Max pooling hands its gradient to the winner of each window only, so most pixels of the field get 0 for
# this picture. The field is the same: with another picture another pixel wins, and a large enough change of any
# pixel in the field would be seen.
#
# **3.** $18 \cdot 18 = 324$ against $3 \cdot 9 = 27$, twelve times as many. With $C$ channels both numbers are
# multiplied by $C^2$, and the ratio stays.
#
# **4.** A larger stride (or one more pooling): coarser maps. Or a dilated filter, with gaps between its weights: it
# skips pixels and may miss fine patterns.
#
# **Marking guide.** 1: the five sizes (one slip allowed if the reasoning is right) 1, the step explained with the
# distance of 4 1; a wrong prediction that is explained after the measurement earns both. 2: only the winner gets a
# gradient, and the field itself is unchanged 1. 3: 324 to 27 or 12 to 1, with the same ratio for $C$ channels 1. 4: a
# change that works, with its cost 1.
# ### END SOLUTION

# %% look="receptive_field"
try:
    layers = []
    x = np.random.default_rng(6).uniform(1, 2, size=(1, 1, 46, 46))
    ones, none = np.ones((1, 1, 3, 3)), np.zeros(1)
    for kind in ["convolution", "pooling", "convolution", "pooling", "convolution"]:
        x, cache = conv2d_forward(x, ones, none) if kind == "convolution" else avg_pool2d_forward(x)
        layers.append((conv2d_backward if kind == "convolution" else avg_pool2d_backward, cache))
        gradient = np.zeros(x.shape)
        gradient[0, 0, x.shape[2] // 2, x.shape[3] // 2] = 1
        for backward, kept in reversed(layers):
            gradient = backward(gradient, kept)
            gradient = gradient[0] if isinstance(gradient, tuple) else gradient
        seen = np.count_nonzero(gradient[0, 0].any(axis=0))
        print(f"after {len(layers)} layers ({kind}): {seen} x {seen} pixels")
except NotImplementedError:
    print("There is nothing to measure yet: finish tasks 4.2, 4.5 and 4.9 first.")

# %% [markdown] locked="finish"
# ---
# ## Before you hand in
#
# 1. *Kernel → Restart Kernel and Run All Cells*, and read the last line of every check.
# 2. Save, and hand in this notebook under its own name, `convolution.ipynb`.
#
# **If you have an hour left:** you have every layer of LeNet-5 now. Put them together with the loss of the second
# assignment and train on a few hundred images of Fashion-MNIST. Where does the time go, and what would task 4.10
# change?
