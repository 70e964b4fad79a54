# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown] locked="introduction"
# # Layers and training
#
# A network that fits on one page either learns within seconds or does not learn at all, and most often the reason is
# not its architecture. It is the size of the first weights, the rule that moves them, the learning rate, and whether
# the gradients are right. In this assignment you build all of that yourself: the layers with their backward passes,
# two layers that behave differently in training and afterwards, initial weights, five update rules, and a search for
# the learning rate. At the end you put your own pieces together and study what a learning rate does.
#
# | | you will build | points |
# |---|---|---|
# | **Part A** | layers: affine, ReLU, sigmoid, dropout, each forward and backward | 30 |
# | **Part B** | batch normalization, forward and backward | 19 |
# | **Part C** | initial weights: Xavier's rule and He's rule | 8 |
# | **Part D** | update rules: gradient descent, momentum, AdaGrad, RMSProp, Adam | 22 |
# | **Part E** | drawing learning rates, choosing one, and a short study (written) | 21 |
#
# **Time.** About nine hours for most people: two and a half for Part A, two and a half for Part B, half an hour for
# Part C, one and a half for Part D, two for Part E. The computer needs less than a minute in all. The parts do not
# build on each other, except for the study at the end, so a stuck task does not stop you.
#
# **You need** the chapter *Two-layer networks and backpropagation* and those on training: *Initialisation*, *Batch
# normalization*, and the ones on dropout, optimizers and learning rates. NumPy and paper. PyTorch is not needed.

# %% [markdown] locked="how_grading_works"
# ## How grading works
#
# - Below every task stands a **check**. Run it as often as you like. It says in words what is right and what is not
#   yet, part by part, and its last line is the number of points.
# - After you hand in, **hidden checks** run. They are of the same kind and test nothing new; only the shapes and the
#   numbers differ.
# - **Parts earn points on their own.** A right `db` counts even if `dx` is wrong. An early mistake is not punished
#   twice: your gradients are also compared with the slope of *your own* forward function.
# - **Never graded:** speed (as long as a check takes less than ten seconds; loops are fine), style, prints, warnings,
#   float32 or float64, what you put into a cache or a state, the slope of ReLU at exactly 0, how you draw a random
#   number as long as its distribution is right.
# - Arrays that your function receives should stay as they are, with one exception that task 3.7 names. The check
#   gives you copies, and mentions a change.
# - The written answer is read by a person.
# - When a check recognises a mistake that many people make, it gives you a **hint** and a section to read again.
#   Three more hints wait below each task. Open them one at a time, and only after a try.
#
# Before you hand in: *Kernel → Restart Kernel and Run All Cells*. What works then works for us. You may add cells
# and helper functions; keep the names of the functions and do not change the cells with checks.
#
# **Working with others and with AI.** Talk about ideas with anyone; write the code and the text yourself. What this
# assignment allows with AI assistants stands on the course page *Assignments*, under the name of this assignment.
#
# **The letters.** $N$ examples with $D$ features each; $M$ outputs. `dout` is the gradient of the loss with respect
# to a layer's output, and a gradient always has the shape of what it belongs to. Where random numbers are needed, you
# are given a generator, `rng` (made by `np.random.default_rng`): take all of them from it.

# %% locked="setup"
import time

import matplotlib.pyplot as plt
import numpy as np

try:
    from cs_cnn import data
    from cs_cnn.checks import check
except ImportError as error:
    message = "The course package is missing; install it as the page 'How to run the notebooks' says."
    raise ImportError(message) from error

# %% [markdown] locked="part_a"
# ---
# # Part A: layers (30 points)
#
# Every layer is a pair. `layer_forward(x, ...)` returns the output and a **cache**; `layer_backward(dout, cache)`
# returns the gradients. The cache is your note to yourself: put into it whatever the backward pass will need. Nobody
# looks inside.

# %% [markdown] locked="task_affine_forward"
# ## Task 3.1: affine layer, forward (4 points: rows 2, images 2)
#
# **What.** Write `affine_forward(x, w, b)`, which returns `out` and a cache.
#
# **Why.** The last layer of nearly every network is one of these, and the pictures that reach it still have three
# axes.
#
# **Formula.** Every example becomes one row of $D$ numbers, read as `reshape` reads them, and then
# $\text{out} = x\,w + b$, with $b$ added to every row.
#
# **In.** `x` `(N, ...)`: rows `(N, D)`, or images `(N, C, H, W)` with $D = C \cdot H \cdot W$; `w` `(D, M)`; `b`
# `(M,)`. **Out.** `out` `(N, M)`, `cache`.
#
# **One number.** $x = (1, 2)$, $w = \begin{pmatrix}1&0&2\\3&1&0\end{pmatrix}$, $b = (0.5, 0, -1)$ give
# $(7.5, 2, 1)$.
#
# <details><summary>Hint 1: the idea</summary>
#
# The first axis counts the examples and stays. All others become one.
# </details>
#
# <details><summary>Hint 2: the shape</summary>
#
# `(N, D) @ (D, M)` is `(N, M)`. Adding `(M,)` to it adds the same row to every example.
# </details>
#
# <details><summary>Hint 3: nearly code</summary>
#
# In `reshape`, one of the sizes may be -1: NumPy then works it out. You will want the shape of the original `x` on
# the way back.
# </details>
#
# Read: chapter *Two-layer networks and backpropagation*, section *Forward: two layers and a bend*.


# %% answer="affine_forward"
def affine_forward(x, w, b):
    """Return out (N, M) and a cache, for x (N, ...) of any number of axes."""
    ### BEGIN SOLUTION
    return x.reshape(len(x), -1) @ w + b, (x, w)
    ### END SOLUTION


# %% test="affine_forward" points=4
check("a3.affine_forward", affine_forward)
### BEGIN HIDDEN TESTS
check("a3.affine_forward", affine_forward, hidden=True, seed=30401)
### END HIDDEN TESTS

# %% [markdown] locked="task_affine_backward"
# ## Task 3.2: affine layer, backward (7 points: dx 2, dw 2, db 2, images 1)
#
# **What.** Write `affine_backward(dout, cache)`, which returns `dx, dw, db`.
#
# **Why.** These three lines are the larger part of what is computed when a network learns.
#
# **Formula.** Follow one number: $\text{out}_{nm} = \sum_d x_{nd}\, w_{dm} + b_m$. So $\text{dout}_{nm}$ reaches
# $x_{nd}$ with the factor $w_{dm}$, $w_{dm}$ with the factor $x_{nd}$, and $b_m$ with the factor 1; and whatever
# reaches a number on several ways adds up. Nothing is averaged here: the $1/N$ belongs to the loss, and is already in
# `dout`.
#
# **In.** `dout` `(N, M)`; `cache` from your own `affine_forward`. **Out.** Gradients with exactly the shapes of `x`
# (images too), `w` and `b`.
#
# **One number.** In the example of task 3.1 with $\text{dout} = (1, 2, 3)$: `dx` $= (7, 5)$, `dw` $=
# \begin{pmatrix}1&2&3\\2&4&6\end{pmatrix}$, `db` $= (1, 2, 3)$.
#
# <details><summary>Hint 1: the idea</summary>
#
# Each gradient is a sum over the index that it does not have itself.
# </details>
#
# <details><summary>Hint 2: the shape</summary>
#
# Write down `(N, M)`, `(N, D)` and `(D, M)`. Only one product of two of them, one of the two transposed, has the
# shape that you need.
# </details>
#
# <details><summary>Hint 3: nearly code</summary>
#
# Two matrix products with `.T` and one `.sum(axis=...)`. At the end `dx` gets the shape of `x` back.
# </details>
#
# Read: chapter *Two-layer networks and backpropagation*, section *Backward, line by line*.


# %% answer="affine_backward"
def affine_backward(dout, cache):
    """Return dx, dw, db with the shapes of x, w, b."""
    ### BEGIN SOLUTION
    x, w = cache
    return (dout @ w.T).reshape(x.shape), x.reshape(len(x), -1).T @ dout, dout.sum(axis=0)
    ### END SOLUTION


# %% test="affine_backward" points=7
check("a3.affine_backward", affine_forward, affine_backward)
### BEGIN HIDDEN TESTS
check("a3.affine_backward", affine_forward, affine_backward, hidden=True, seed=30402)
### END HIDDEN TESTS

# %% [markdown] locked="task_relu"
# ## Task 3.3: ReLU (4 points: forward 2, dx 2)
#
# **What.** Write `relu_forward(x)`, which returns `out` and a cache, and `relu_backward(dout, cache)`, which returns
# `dx` alone.
#
# **Why.** Without a bend between them two affine layers are one affine layer.
#
# **Formula.** $\text{out} = \max(0, x)$, number by number. Where $x > 0$ the slope is 1, where $x < 0$ it is 0. At 0
# either will do.
#
# **In.** Arrays of any shape. **Out.** `out, cache`; and `dx` with the shape of `x`.
#
# **One number.** $x = (-2, 3)$ gives $(0, 3)$, and $\text{dout} = (5, 7)$ comes back as $(0, 7)$.
#
# <details><summary>Hint 1: the idea</summary>
#
# On the way back the layer is a row of gates. The forward pass decided which ones are open.
# </details>
#
# <details><summary>Hint 2: the shape</summary>
#
# Nothing is summed, neither forward nor backward.
# </details>
#
# <details><summary>Hint 3: nearly code</summary>
#
# `np.maximum` compares two numbers in every place; `np.max` does something else. `a > 0` is a mask, and it can be
# multiplied with numbers.
# </details>
#
# Read: chapter *Two-layer networks and backpropagation*, section *Backward, line by line*.


# %% answer="relu"
def relu_forward(x):
    """Return out, which is x where it is positive and 0 elsewhere, and a cache."""
    ### BEGIN SOLUTION
    return np.maximum(x, 0), x
    ### END SOLUTION


def relu_backward(dout, cache):
    """Return dx, with the shape of x."""
    ### BEGIN SOLUTION
    return dout * (cache > 0)
    ### END SOLUTION


# %% test="relu" points=4
check("a3.relu", relu_forward, relu_backward)
### BEGIN HIDDEN TESTS
check("a3.relu", relu_forward, relu_backward, hidden=True, seed=30403)
### END HIDDEN TESTS

# %% [markdown] locked="task_sigmoid"
# ## Task 3.4: sigmoid (6 points: forward 2, large 1, dx 3)
#
# **What.** Write `sigmoid_forward(x)` and `sigmoid_backward(dout, cache)`, as in task 3.3.
#
# **Why.** It turns any number into one between 0 and 1: a probability, or a gate that is more or less open. And it
# shows why deep networks of sigmoids learned so badly: its slope is never more than 1/4.
#
# **Formula.** $\sigma(x) = 1 / (1 + e^{-x}) = e^{x} / (1 + e^{x})$, with the slope $\sigma(x)\,(1 - \sigma(x))$.
#
# **In.** Arrays of any shape; some inputs are as large as 1000 or as small as $-1000$, and the output must be right
# for them too. **Out.** As in task 3.3.
#
# **One number.** $\sigma(0) = 0.5$ and $\sigma(\ln 3) = 0.75$. With $\text{dout} = 8$ they send back 2 and 1.5.
#
# <details><summary>Hint 1: the idea</summary>
#
# The slope needs only the output, and that you have computed already.
# </details>
#
# <details><summary>Hint 2: the shape</summary>
#
# Everything happens number by number.
# </details>
#
# <details><summary>Hint 3: nearly code</summary>
#
# $e^{1000}$ is infinite in floating point, $e^{-1000}$ is 0, and infinity divided by infinity is `nan`. Of the two
# formulas above one is safe for large positive and one for large negative inputs; `np.where` chooses. A warning of an
# overflow costs no points.
# </details>
#
# Read: chapter *Two-layer networks and backpropagation*, section *One neuron, by hand*.


# %% answer="sigmoid"
def sigmoid_forward(x):
    """Return out = 1 / (1 + exp(-x)), finite for every x, and a cache."""
    ### BEGIN SOLUTION
    small = np.exp(-np.abs(x))  # never overflows
    out = np.where(x >= 0, 1.0, small) / (1 + small)
    return out, out
    ### END SOLUTION


def sigmoid_backward(dout, cache):
    """Return dx, with the shape of x."""
    ### BEGIN SOLUTION
    return dout * cache * (1 - cache)
    ### END SOLUTION


# %% test="sigmoid" points=6
check("a3.sigmoid", sigmoid_forward, sigmoid_backward)
### BEGIN HIDDEN TESTS
check("a3.sigmoid", sigmoid_forward, sigmoid_backward, hidden=True, seed=30404)
### END HIDDEN TESTS

# %% [markdown] locked="task_dropout_forward"
# ## Task 3.5: dropout, forward (6 points: share 2, size 2, masks 1, after training 1)
#
# **What.** Write `dropout_forward(x, p, rng, train=True)`, which returns `out` and a cache.
#
# **Why.** A unit that cannot count on its neighbours has to be useful by itself. It is a cheap way to average over
# very many networks at once.
#
# **Formula.** In training every number is set to 0 with probability $p$, independently of all others, and divided by
# $1 - p$ otherwise. With `train=False` the output is $x$.
#
# **Mind the letter:** here **$p$ is the probability to drop** a number, as in PyTorch and in this course's library.
# Some texts and courses call the probability to *keep* it $p$; their $p$ is our $1 - p$.
#
# Why the division? On average the output is then $(1-p) \cdot \frac{x}{1-p} + p \cdot 0 = x$, so that nothing is left
# to do after training. This form is called *inverted* dropout.
#
# **In.** `x` of any shape with $N$ examples along the first axis; `p`, $0 \le p < 1$; `rng`, a generator: draw a new
# mask from it at every call, with another choice for every number of every example. **Out.** `out` with the shape of
# `x`, `cache`.
#
# **One number.** For $p = 0.25$ a 3 becomes 4 three times out of four, and 0 otherwise.
#
# <details><summary>Hint 1: the idea</summary>
#
# A mask that holds 0 or $1/(1-p)$ says everything, for both directions. What is the mask after training?
# </details>
#
# <details><summary>Hint 2: the shape</summary>
#
# The mask has the shape of `x`, however many axes that has.
# </details>
#
# <details><summary>Hint 3: nearly code</summary>
#
# `rng.random(shape)` gives numbers that lie evenly between 0 and 1. Which share of them is below $p$?
# </details>
#
# Read: the chapter on dropout, its section on inverted dropout.


# %% answer="dropout_forward"
def dropout_forward(x, p, rng, train=True):
    """Return out and a cache; p is the probability to drop a number."""
    ### BEGIN SOLUTION
    mask = (rng.random(x.shape) >= p) / (1 - p) if train else np.ones(x.shape)
    return x * mask, mask
    ### END SOLUTION


# %% test="dropout_forward" points=6
check("a3.dropout_forward", dropout_forward)
### BEGIN HIDDEN TESTS
check("a3.dropout_forward", dropout_forward, hidden=True, seed=30405)
### END HIDDEN TESTS

# %% [markdown] locked="task_dropout_backward"
# ## Task 3.6: dropout, backward (3 points: training 2, after training 1)
#
# **What.** Write `dropout_backward(dout, cache)`, which returns `dx`.
#
# **Why.** A number that was dropped had no influence on the loss, so it has nothing to learn from it. The others had
# a little more than usual.
#
# **Formula.** Once the mask is drawn, the layer multiplies each number by a constant.
#
# **In.** `dout` with the shape of `x`; `cache` from your `dropout_forward`, in training or not. **Out.** `dx`.
#
# **One number.** For $p = 0.25$ and $\text{dout} = 6$, `dx` is 8 where the number was kept and 0 where it was
# dropped.
#
# <details><summary>Hint 1: the idea</summary>
#
# No random number is drawn here.
# </details>
#
# <details><summary>Hint 2: the shape</summary>
#
# `dout`, the mask and `dx` have the same shape.
# </details>
#
# <details><summary>Hint 3: nearly code</summary>
#
# If $\text{out} = c \cdot x$ with a constant $c$, then $\text{dx} = c \cdot \text{dout}$. Is your $c$ in the cache?
# </details>
#
# Read: the chapter on dropout, its section on the backward pass.


# %% answer="dropout_backward"
def dropout_backward(dout, cache):
    """Return dx, with the shape of x."""
    ### BEGIN SOLUTION
    return dout * cache
    ### END SOLUTION


# %% test="dropout_backward" points=3
check("a3.dropout_backward", dropout_forward, dropout_backward)
### BEGIN HIDDEN TESTS
check("a3.dropout_backward", dropout_forward, dropout_backward, hidden=True, seed=30406)
### END HIDDEN TESTS

# %% [markdown] locked="look_at_averages"
# ### Look at it
#
# One masked picture is hard to recognise, and the mean of many is the picture again. With which $p$ do you still see
# from a single mask what it is?

# %% look="dropout"
p = 0.5
try:
    rng = np.random.default_rng(0)
    picture = data.load("fashion-mnist").x_train[7, 0].astype(float)
    masked = [dropout_forward(picture[None], p, rng)[0][0] for _ in range(200)]
except NotImplementedError:
    print("There is nothing to see yet: finish task 3.5 first.")
else:
    fig, axes = plt.subplots(1, 4, figsize=(8, 2.3), layout="constrained")
    means = [np.mean(masked[:count], axis=0) for count in (1, 10, 200)]
    titles = ["the picture", "one mask", "mean of 10", "mean of 200"]
    for ax, image, title in zip(axes, [picture, *means], titles, strict=True):
        ax.imshow(image, cmap="gray", vmin=0, vmax=1 / (1 - p))
        ax.set_title(title)
        ax.axis("off")
    plt.show()

# %% [markdown] locked="part_b"
# ---
# # Part B: batch normalization (19 points)

# %% [markdown] locked="task_batch_norm_forward"
# ## Task 3.7: batch normalization, forward (10 points: out 4, eps 1, running mean 1, running var 2, after training 2)
#
# **What.** Write `batch_norm_forward(x, gamma, beta, running, train=True, momentum=0.1, eps=1e-5)`, which returns
# `out` and a cache.
#
# **Why.** Each feature gets mean 0 and variance 1 over the batch, whatever the layers below are doing. Networks
# that would not learn at all begin to learn.
#
# **Formula, in training.** For every feature by itself, with the mean $\mu$ and the variance $\sigma^2$ of its
# column, both divided by $N$:
#
# $$\hat x_i = \frac{x_i - \mu}{\sqrt{\sigma^2 + \varepsilon}}, \qquad \text{out}_i = \gamma\, \hat x_i + \beta .$$
#
# Then the dictionary `running` is brought up to date, for the time after training. Its two entries, `"mean"` and
# `"var"`, become, with the momentum $m$,
#
# $$\text{running} \leftarrow (1 - m) \cdot \text{running} + m \cdot \text{batch},$$
#
# where the batch gives $\mu$ to the first and the *unbiased* variance, divided by $N - 1$, to the second. (Here $m$
# is the share of the new value, as in PyTorch; an older convention writes 0.9 for the share of the past.) This is the
# exception announced above: put the new values **into the dictionary** that you were given.
#
# **Formula, after training** (`train=False`): the same formula for `out`, with the running mean and variance in the
# place of $\mu$ and $\sigma^2$, and the same $\varepsilon$. `running` stays as it is.
#
# **In.** `x` `(N, D)`, `gamma` and `beta` `(D,)`, `running`: a dictionary with `"mean"` and `"var"`, both `(D,)`; in
# training $N > 1$. **Out.** `out` `(N, D)`, `cache`. Only a forward pass in training will be followed by a backward
# pass.
#
# **One number.** The column $(0, 4)$ has $\mu = 2$, $\sigma^2 = 4$; with $\gamma = 3$, $\beta = 1$ and a tiny
# $\varepsilon$ it becomes $(-2, 4)$. A running mean of 0 becomes 0.2, a running variance of 1 becomes
# $0.9 + 0.1 \cdot 8 = 1.7$. After training, with a running mean of 1 and variance of 4, a 5 becomes 7.
#
# <details><summary>Hint 1: the idea</summary>
#
# Decide first which mean and which variance are to be used. From there on both modes are the same.
# </details>
#
# <details><summary>Hint 2: the shape</summary>
#
# All statistics are `(D,)`, one number for each column: which axis has disappeared?
# </details>
#
# <details><summary>Hint 3: nearly code</summary>
#
# `x.var(axis=0)` divides by $N$, and `ddof=1` makes it $N - 1$. `running["mean"] = ...` changes the dictionary;
# `mean = ...` only makes a new name. Keep $\hat x$, `gamma` and the root for the way back.
# </details>
#
# Read: chapter *Batch normalization*, sections *Forward: four steps for one feature* and
# *Training and testing are different*.


# %% answer="batch_norm_forward"
def batch_norm_forward(x, gamma, beta, running, train=True, momentum=0.1, eps=1e-5):
    """Return out (N, D) and a cache; in training, update running["mean"] and running["var"]."""
    ### BEGIN SOLUTION
    if train:
        mean, var = x.mean(axis=0), x.var(axis=0)
        running["mean"] = (1 - momentum) * running["mean"] + momentum * mean
        running["var"] = (1 - momentum) * running["var"] + momentum * x.var(axis=0, ddof=1)
    else:
        mean, var = running["mean"], running["var"]
    root = np.sqrt(var + eps)
    hat = (x - mean) / root
    return gamma * hat + beta, (hat, gamma, root)
    ### END SOLUTION


# %% test="batch_norm_forward" points=10
check("a3.batch_norm_forward", batch_norm_forward)
### BEGIN HIDDEN TESTS
check("a3.batch_norm_forward", batch_norm_forward, hidden=True, seed=30407)
### END HIDDEN TESTS

# %% [markdown] locked="task_batch_norm_backward"
# ## Task 3.8: batch normalization, backward (9 points: dx 5, dgamma 2, dbeta 2)
#
# **What.** Write `batch_norm_backward(dout, cache)`, which returns `dx, dgamma, dbeta`, for a forward pass in
# training.
#
# **Why.** It is the first layer in which examples influence each other: move one $x_i$, and the whole column moves.
#
# **Formula.** Draw the graph before you compute. One feature:
#
# $$\mu = \tfrac1N \sum_i x_i, \quad c_i = x_i - \mu, \quad \sigma^2 = \tfrac1N \sum_i c_i^2, \quad
# r = \sqrt{\sigma^2 + \varepsilon}, \quad \hat x_i = c_i / r, \quad \text{out}_i = \gamma\, \hat x_i + \beta .$$
#
# Go through it from right to left. Three ways lead back to $x_i$: directly, through $\mu$, and through
# $\sigma^2$. (The running values are not on any of them.)
#
# **In.** `dout` `(N, D)`; `cache` from your own `batch_norm_forward`. **Out.** `dx` `(N, D)`, `dgamma` `(D,)`,
# `dbeta` `(D,)`.
#
# **One number.** The column $(-1, -1, 2)$ with $\gamma = 1$, a tiny $\varepsilon$ and $\text{dout} = (1, 0, 0)$: `dx`
# is $(0.354, -0.354, 0)$, `dgamma` $-0.707$, `dbeta` 1.
#
# <details><summary>Hint 1: the idea</summary>
#
# Write one line of backward code for each of the six equations, the last one first. Where a quantity was used twice,
# its two gradients add up.
# </details>
#
# <details><summary>Hint 2: the shape</summary>
#
# A number that served the whole column ($\mu$, $\sigma^2$, $r$, $\gamma$, $\beta$) collects a sum over the
# column, `(D,)`. Divide by the number of examples where the forward pass did.
# </details>
#
# <details><summary>Hint 3: nearly code</summary>
#
# Begin with `g = dout * gamma`, the gradient of $\hat x$. On the way through $r$: $\partial \hat x_i / \partial r =
# -\hat x_i / r$, and $\partial r / \partial c_i = c_i / (N r) = \hat x_i / N$. On the way through $\mu$, every $c_j$
# moves against $x_i$ by $1/N$. What you should find: each column of `dx` adds up to 0.
# </details>
#
# Read: chapter *Batch normalization*, section *Backward: two extra paths*.


# %% answer="batch_norm_backward"
def batch_norm_backward(dout, cache):
    """Return dx (N, D), dgamma (D,), dbeta (D,)."""
    ### BEGIN SOLUTION
    hat, gamma, root = cache
    g = dout * gamma
    dx = (g - g.mean(axis=0) - hat * (g * hat).mean(axis=0)) / root
    return dx, (dout * hat).sum(axis=0), dout.sum(axis=0)
    ### END SOLUTION


# %% test="batch_norm_backward" points=9
check("a3.batch_norm_backward", batch_norm_forward, batch_norm_backward)
### BEGIN HIDDEN TESTS
check("a3.batch_norm_backward", batch_norm_forward, batch_norm_backward, hidden=True, seed=30408)
### END HIDDEN TESTS

# %% [markdown] locked="part_c"
# ---
# # Part C: where to begin (8 points)

# %% [markdown] locked="task_xavier"
# ## Task 3.9: Xavier's rule (4 points: shape 1, size 2, source 1)
#
# **What.** Write `xavier(fan_in, fan_out, rng)`, which draws the weights of an affine layer.
#
# **Why.** A sum of $D$ random terms grows with $D$. If every layer makes the signal twice as large, ten layers make
# it a thousand times as large, and the gradient suffers the same on its way back.
#
# **Formula.** Weights with mean 0 and the **variance** $2 / (\text{fan-in} + \text{fan-out})$, where fan-in is the
# number of inputs and fan-out the number of outputs. A normal distribution is meant; a uniform one with this variance
# is accepted too. (Some lectures print the standard deviation $1/\sqrt{\text{fan-in}}$ under this name. That rule is
# older and looks at the way forward only.)
#
# **In.** Two whole numbers and a generator. **Out.** `w` `(fan_in, fan_out)`, for `x @ w`.
#
# **One number.** For 300 inputs and 500 outputs the standard deviation is 0.05.
#
# <details><summary>Hint 1: the idea</summary>
#
# A random number of variance 1, times $s$, has the variance $s^2$.
# </details>
#
# <details><summary>Hint 2: the shape</summary>
#
# Rows of `w` belong to inputs, columns to outputs.
# </details>
#
# <details><summary>Hint 3: nearly code</summary>
#
# `rng.normal` wants a standard deviation as its second argument, and takes the shape as `size=`.
# </details>
#
# Read: chapter *Initialisation*, section *Xavier: for activations that are straight at zero*.


# %% answer="xavier"
def xavier(fan_in, fan_out, rng):
    """Return weights (fan_in, fan_out) with mean 0 and variance 2 / (fan_in + fan_out)."""
    ### BEGIN SOLUTION
    return rng.normal(0, np.sqrt(2 / (fan_in + fan_out)), size=(fan_in, fan_out))
    ### END SOLUTION


# %% test="xavier" points=4
check("a3.xavier", xavier)
### BEGIN HIDDEN TESTS
check("a3.xavier", xavier, hidden=True, seed=30409)
### END HIDDEN TESTS

# %% [markdown] locked="task_he"
# ## Task 3.10: He's rule (4 points: shape 1, size 2, source 1)
#
# **What.** Write `he(fan_in, fan_out, rng)`, the same for layers that are followed by a ReLU.
#
# **Why.** A ReLU sets half of its inputs to 0, and so halves the mean square of the signal. The weights make up for
# it.
#
# **Formula.** Mean 0 and the **variance** $2 / \text{fan-in}$.
#
# One of the source lectures prints `np.random.randn(fan_in, fan_out) / np.sqrt(2 / fan_in)` instead. Compare it with
# the formula before you copy it; the cell below this task shows what it does.
#
# **In, out.** As in task 3.9.
#
# **One number.** For 200 inputs the standard deviation is 0.1, whatever the number of outputs.
#
# <details><summary>Hint 1: the idea</summary>
#
# More inputs, smaller weights.
# </details>
#
# <details><summary>Hint 2: the shape</summary>
#
# The same as in task 3.9, although the number of outputs appears nowhere else.
# </details>
#
# <details><summary>Hint 3: nearly code</summary>
#
# Dividing by $\sqrt{2/D}$ multiplies by $\sqrt{D/2}$. Which of the two do you want?
# </details>
#
# Read: chapter *Initialisation*, section *He: for ReLUs*.


# %% answer="he"
def he(fan_in, fan_out, rng):
    """Return weights (fan_in, fan_out) with mean 0 and variance 2 / fan_in."""
    ### BEGIN SOLUTION
    return rng.normal(0, np.sqrt(2 / fan_in), size=(fan_in, fan_out))
    ### END SOLUTION


# %% test="he" points=4
check("a3.he", he)
### BEGIN HIDDEN TESTS
check("a3.he", he, hidden=True, seed=30410)
### END HIDDEN TESTS

# %% [markdown] locked="look_at_ten_layers"
# ### Look at it
#
# A signal goes through ten ReLU layers of 300 units, with your weights, with small ones, and with the formula as it
# was printed. The table shows its standard deviation. What would the gradient of the first layer be in each case?

# %% look="scales"
try:
    rules = {
        "he": he,
        "xavier": xavier,
        "small": lambda i, o, rng: rng.normal(0, 0.01, size=(i, o)),
        "as printed": lambda i, o, rng: rng.normal(size=(i, o)) / np.sqrt(2 / i),
    }
    print("layer           1          5         10")
    for name, rule in rules.items():
        rng = np.random.default_rng(0)
        h, sizes = rng.normal(size=(500, 300)), []
        for _ in range(10):
            h = np.maximum(h @ rule(300, 300, rng), 0)
            sizes.append(h.std())
        print(f"{name:10} {sizes[0]:>10.2g} {sizes[4]:>10.2g} {sizes[9]:>10.2g}")
except NotImplementedError:
    print("There is nothing to see yet: finish tasks 3.9 and 3.10 first.")

# %% [markdown] locked="part_d"
# ---
# # Part D: one step after another (22 points)
#
# Each function below makes **one step**: it takes an array of parameters `w` and its gradient `dw`, and returns the
# new `w`. From task 3.12 on a rule has a memory. It lives in `state`, a dictionary that is **empty** (`{}`) at the
# first step and afterwards whatever you returned the last time. Put into it what you like, under the keys that you
# like; changing it in place and returning it is fine. Every array of parameters has a state of its own, so keep
# nothing anywhere else.
#
# `lr` is the learning rate. All formulas hold entry by entry.

# %% [markdown] locked="task_sgd_step"
# ## Task 3.11: gradient descent (2 points)
#
# **What.** Write `sgd_step(w, dw, lr)`, which returns the new `w`.
#
# **Formula.** $w \leftarrow w - \eta\, \text{dw}$, where $\eta$ is `lr`.
#
# **In.** Two arrays of one shape, a number. **Out.** An array of that shape. Make a new one: `w - ...`, not `w -=
# ...`.
#
# **One number.** $w = 1$, $\text{dw} = 2$, $\eta = 0.1$ give 0.8.
#
# <details><summary>Hint 1: the idea</summary>
#
# The gradient points uphill.
# </details>
#
# <details><summary>Hint 2: the shape</summary>
#
# The result has the shape of `w`.
# </details>
#
# <details><summary>Hint 3: nearly code</summary>
#
# It is the formula.
# </details>
#
# Read: the chapter on optimizers, its section on gradient descent.


# %% answer="sgd_step"
def sgd_step(w, dw, lr):
    """Return w after one step against the gradient."""
    ### BEGIN SOLUTION
    return w - lr * dw
    ### END SOLUTION


# %% test="sgd_step" points=2
check("a3.sgd_step", sgd_step)
### BEGIN HIDDEN TESTS
check("a3.sgd_step", sgd_step, hidden=True, seed=30411)
### END HIDDEN TESTS

# %% [markdown] locked="task_momentum_step"
# ## Task 3.12: momentum (5 points: first step 1, later steps 3, settings 1)
#
# **What.** Write `momentum_step(w, dw, state, lr, momentum=0.9)`, which returns `w, state`.
#
# **Why.** In a long valley plain gradient descent jumps from wall to wall and hardly moves along the floor. A
# velocity lets the jumps cancel and the slow drift add up.
#
# **Formula.** With the velocity $v = 0$ before the first step and the momentum $\rho$:
#
# $$v \leftarrow \rho\, v + \text{dw}, \qquad w \leftarrow w - \eta\, v .$$
#
# This is the convention of the lectures and of PyTorch: the velocity is a fading *sum*. (Some texts write
# $\rho\, v + (1 - \rho)\, \text{dw}$, a mean, and need a learning rate that is larger.)
#
# **In.** As above; `lr` and `momentum` come by their names. **Out.** The new `w`, and the state for the next call.
#
# **One number.** $w = 1$, $\eta = 0.1$, $\rho = 0.9$ and twice the gradient 2: after the first step 0.8, after the
# second 0.42.
#
# <details><summary>Hint 1: the idea</summary>
#
# The one thing to remember between two calls is $v$.
# </details>
#
# <details><summary>Hint 2: the shape</summary>
#
# There is a velocity for every entry of `w`.
# </details>
#
# <details><summary>Hint 3: nearly code</summary>
#
# `state.get("v", 0.0)` is the entry if there is one, and 0 otherwise.
# </details>
#
# Read: the chapter on optimizers, its section on momentum.


# %% answer="momentum_step"
def momentum_step(w, dw, state, lr, momentum=0.9):
    """Return w after one step with momentum, and the state for the next."""
    ### BEGIN SOLUTION
    v = momentum * state.get("v", 0.0) + dw
    return w - lr * v, {"v": v}
    ### END SOLUTION


# %% test="momentum_step" points=5
check("a3.momentum_step", momentum_step)
### BEGIN HIDDEN TESTS
check("a3.momentum_step", momentum_step, hidden=True, seed=30412)
### END HIDDEN TESTS

# %% [markdown] locked="task_adagrad_step"
# ## Task 3.13: AdaGrad (4 points: first step 1, later steps 2, eps 1)
#
# **What.** Write `adagrad_step(w, dw, state, lr, eps=1e-8)`, which returns `w, state`.
#
# **Why.** One learning rate for all parameters is a compromise. This rule gives each entry its own: the more it has
# moved, the more carefully it moves.
#
# **Formula.** With $n = 0$ before the first step:
#
# $$n \leftarrow n + \text{dw}^2, \qquad w \leftarrow w - \eta\, \frac{\text{dw}}{\sqrt{n} + \varepsilon} .$$
#
# Here and in the next two tasks $\varepsilon$ is added **outside** the root, as in PyTorch.
#
# **In, out.** As in task 3.12.
#
# **One number.** $w = 1$, $\eta = 0.1$, a tiny $\varepsilon$ and twice the gradient 2: 0.9, then 0.829. The length of
# the first step is $\eta$ for any gradient.
#
# <details><summary>Hint 1: the idea</summary>
#
# The new gradient counts already in this very step.
# </details>
#
# <details><summary>Hint 2: the shape</summary>
#
# $n$ has an entry for every entry of `w`; nothing is summed over the entries.
# </details>
#
# <details><summary>Hint 3: nearly code</summary>
#
# Two lines as in task 3.12, with the square in the first and the root in the second.
# </details>
#
# Read: the chapter on optimizers, its section on AdaGrad.


# %% answer="adagrad_step"
def adagrad_step(w, dw, state, lr, eps=1e-8):
    """Return w after one step of AdaGrad, and the state for the next."""
    ### BEGIN SOLUTION
    squares = state.get("squares", 0.0) + dw**2
    return w - lr * dw / (np.sqrt(squares) + eps), {"squares": squares}
    ### END SOLUTION


# %% test="adagrad_step" points=4
check("a3.adagrad_step", adagrad_step)
### BEGIN HIDDEN TESTS
check("a3.adagrad_step", adagrad_step, hidden=True, seed=30413)
### END HIDDEN TESTS

# %% [markdown] locked="task_rmsprop_step"
# ## Task 3.14: RMSProp (4 points: first step 1, later steps 2, eps 1)
#
# **What.** Write `rmsprop_step(w, dw, state, lr, decay=0.9, eps=1e-8)`, which returns `w, state`.
#
# **Why.** The sum of AdaGrad only grows, and at some time its steps are too small to be of use. A fading mean
# forgets.
#
# **Formula.** With $n = 0$ before the first step and the share $\rho$ of the past, `decay`:
#
# $$n \leftarrow \rho\, n + (1 - \rho)\, \text{dw}^2, \qquad
# w \leftarrow w - \eta\, \frac{\text{dw}}{\sqrt{n} + \varepsilon} .$$
#
# **In, out.** As in task 3.12.
#
# **One number.** $w = 1$, $\eta = 0.1$, $\rho = 0.9$, a tiny $\varepsilon$ and twice the gradient 2: 0.684, then
# 0.454. The first steps are longer than $\eta$, since the mean begins at 0. Adam will mend that.
#
# <details><summary>Hint 1: the idea</summary>
#
# One line of AdaGrad changes.
# </details>
#
# <details><summary>Hint 2: the shape</summary>
#
# The same as in AdaGrad.
# </details>
#
# <details><summary>Hint 3: nearly code</summary>
#
# The two shares add up to 1, and the past gets the larger one.
# </details>
#
# Read: the chapter on optimizers, its section on RMSProp.


# %% answer="rmsprop_step"
def rmsprop_step(w, dw, state, lr, decay=0.9, eps=1e-8):
    """Return w after one step of RMSProp, and the state for the next."""
    ### BEGIN SOLUTION
    mean_square = decay * state.get("mean_square", 0.0) + (1 - decay) * dw**2
    return w - lr * dw / (np.sqrt(mean_square) + eps), {"mean_square": mean_square}
    ### END SOLUTION


# %% test="rmsprop_step" points=4
check("a3.rmsprop_step", rmsprop_step)
### BEGIN HIDDEN TESTS
check("a3.rmsprop_step", rmsprop_step, hidden=True, seed=30414)
### END HIDDEN TESTS

# %% [markdown] locked="task_adam_step"
# ## Task 3.15: Adam (7 points: first step 2, later steps 3, settings 1, eps 1)
#
# **What.** Write `adam_step(w, dw, state, lr, beta1=0.9, beta2=0.999, eps=1e-8)`, which returns `w, state`.
#
# **Why.** Momentum for the direction, RMSProp for the length, and a correction so that the first steps are right too.
# It is what most people try first.
#
# **Formula.** With $m = n = 0$ before the first step, and the number of the step $t = 1, 2, 3, \dots$ (**the first
# step has $t = 1$**):
#
# $$m \leftarrow \beta_1 m + (1 - \beta_1)\, \text{dw}, \qquad n \leftarrow \beta_2 n + (1 - \beta_2)\, \text{dw}^2,$$
#
# $$\hat m = \frac{m}{1 - \beta_1^t}, \qquad \hat n = \frac{n}{1 - \beta_2^t}, \qquad
# w \leftarrow w - \eta\, \frac{\hat m}{\sqrt{\hat n} + \varepsilon} .$$
#
# The $\varepsilon$ is added outside the root and after the correction.
#
# **In, out.** As in task 3.12; a call is a step, so $t$ has to be counted in the state.
#
# **One number.** $w = 1$, $\eta = 0.1$, the defaults for the rest, and the gradients 2 and $-2$: 0.9, then 0.905. The
# first step has the length $\eta$ whatever the gradient.
#
# <details><summary>Hint 1: the idea</summary>
#
# Three things are remembered. The corrected means are not among them: they are made afresh at each step.
# </details>
#
# <details><summary>Hint 2: the shape</summary>
#
# $m$ and $n$ have the shape of `w`, $t$ is a whole number.
# </details>
#
# <details><summary>Hint 3: nearly code</summary>
#
# Count first, then compute: with $t = 0$ you would divide by $1 - \beta^0 = 0$. `beta1**t` is a power.
# </details>
#
# Read: the chapter on optimizers, its section on Adam.


# %% answer="adam_step"
def adam_step(w, dw, state, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    """Return w after one step of Adam, and the state for the next."""
    ### BEGIN SOLUTION
    t = state.get("t", 0) + 1
    m = beta1 * state.get("m", 0.0) + (1 - beta1) * dw
    n = beta2 * state.get("n", 0.0) + (1 - beta2) * dw**2
    m_hat, n_hat = m / (1 - beta1**t), n / (1 - beta2**t)
    return w - lr * m_hat / (np.sqrt(n_hat) + eps), {"t": t, "m": m, "n": n}
    ### END SOLUTION


# %% test="adam_step" points=7
check("a3.adam_step", adam_step)
### BEGIN HIDDEN TESTS
check("a3.adam_step", adam_step, hidden=True, seed=30415)
### END HIDDEN TESTS

# %% [markdown] locked="look_at_the_valley"
# ### Look at it
#
# A long valley, $L = \frac12 (w_1^2 + 40\, w_2^2)$, and where your five rules go in 60 steps from the same place.
# Change the rates. Which rule is the first to reach the centre, and which rate makes each of them leave the picture?

# %% look="courses"
settings = {"sgd": 0.04, "momentum": 0.008, "AdaGrad": 0.6, "RMSProp": 0.06, "Adam": 0.3}
try:
    steppers = {
        "sgd": lambda w, dw, state, lr: (sgd_step(w, dw, lr), state),
        "momentum": momentum_step,
        "AdaGrad": adagrad_step,
        "RMSProp": rmsprop_step,
        "Adam": adam_step,
    }
    courses = {}
    for name, stepper in steppers.items():
        w, state, course = np.array([-4.0, 1.0]), {}, [np.array([-4.0, 1.0])]
        for _ in range(60):
            w, state = stepper(w, w * np.array([1.0, 40.0]), state, lr=settings[name])
            course.append(w)
        courses[name] = np.array(course)
except NotImplementedError:
    print("There is nothing to see yet: finish tasks 3.11 to 3.15 first.")
else:
    fig, ax = plt.subplots(figsize=(8, 3.2), layout="constrained")
    a, b = np.meshgrid(np.linspace(-4.5, 2, 200), np.linspace(-1.3, 1.3, 100))
    ax.contour(a, b, 0.5 * (a**2 + 40 * b**2), levels=[0.2, 1, 3, 8, 16, 28], colors="0.8", linewidths=0.8)
    for (name, course), marker in zip(courses.items(), "osv^D", strict=True):
        label = f"{name}, rate {settings[name]:g}: ends {np.hypot(*course[-1]):.3f} from the centre"
        ax.plot(*course.T, marker=marker, markersize=3, linewidth=0.8, label=label)
    ax.set(xlim=(-4.5, 2), ylim=(-1.3, 1.3), xlabel="$w_1$", ylabel="$w_2$")
    ax.legend(fontsize=7, loc="upper right")
    plt.show()

# %% [markdown] locked="part_e"
# ---
# # Part E: the learning rate (21 points)

# %% [markdown] locked="task_draw_rates"
# ## Task 3.16: rates to try (4 points: bounds 1, spread 2, source 1)
#
# **What.** Write `draw_rates(count, low, high, rng)`, which draws learning rates at random.
#
# **Why.** Rates of 0.001 and 0.002 behave more differently than rates of 0.101 and 0.102: what matters is the factor.
# A search should spend as many trials between 0.001 and 0.01 as between 0.01 and 0.1.
#
# **Formula.** $10^{u}$ with the exponent $u$ uniform between $\log_{10} \text{low}$ and $\log_{10} \text{high}$.
#
# **In.** `count`, a whole number; `low` and `high`, the smallest and largest **rate**, $0 < \text{low} <
# \text{high}$; a generator. **Out.** An array `(count,)`, a new draw for each entry and each call.
#
# **One number.** Between 0.0001 and 1 about a quarter of the rates is below 0.001.
#
# <details><summary>Hint 1: the idea</summary>
#
# Draw exponents, and make rates of them.
# </details>
#
# <details><summary>Hint 2: the shape</summary>
#
# `rng.uniform(a, b, count)` gives an array `(count,)`.
# </details>
#
# <details><summary>Hint 3: nearly code</summary>
#
# `np.log10` and `10**...` belong together, as `np.log` and `np.exp` do.
# </details>
#
# Read: the chapter on learning rates, its section on searching in the exponent.


# %% answer="draw_rates"
def draw_rates(count, low, high, rng):
    """Return count learning rates between low and high, uniform in their exponents."""
    ### BEGIN SOLUTION
    return 10 ** rng.uniform(np.log10(low), np.log10(high), count)
    ### END SOLUTION


# %% test="draw_rates" points=4
check("a3.draw_rates", draw_rates)
### BEGIN HIDDEN TESTS
check("a3.draw_rates", draw_rates, hidden=True, seed=30416)
### END HIDDEN TESTS

# %% [markdown] locked="task_search"
# ## Task 3.17: choose one (5 points: lr 2, accuracies 1, test rows 1, diverged 1)
#
# **What.** Write `search(rates, train, accuracy)`, which returns `lr, on_validation, on_test`: the rate whose model
# is the best on the validation rows, its accuracy there, and its accuracy on the test rows.
#
# **Why.** Whoever chooses by the test rows has no test any more. They are looked at once, at the very end, with the
# model that was chosen without them.
#
# **In.** `rates`: a list of numbers. `train(lr)` trains and returns a model (what that is need not concern you; the
# same rate always gives the same one). `accuracy(model, rows)` returns the accuracy of a model, where `rows` is
# `"training"`, `"validation"` or `"test"`. The accuracy of a training that diverged is `nan`; such a model never
# wins. No two accuracies are equal, and at least one training does not diverge. **Out.** Three numbers.
# `accuracy(..., "test")` must be called exactly once.
#
# **One number.** Rates 0.1, 0.01, 0.001 with 0.5, 0.8, 0.7 on the validation rows and 0.6, 0.7, 0.9 on the test
# rows: the answer is 0.01, 0.8, 0.7.
#
# <details><summary>Hint 1: the idea</summary>
#
# Keep the best so far: its rate, its model, and its accuracy.
# </details>
#
# <details><summary>Hint 2: the shape</summary>
#
# One loop over the rates; the test rows come after it.
# </details>
#
# <details><summary>Hint 3: nearly code</summary>
#
# Every comparison with `nan` is False. If you begin with an accuracy that all others exceed, `new > best` does the
# right thing; if you begin with the first model, think of what happens when that is `nan`. `np.nanargmax` skips `nan`
# too.
# </details>
#
# Read: the chapter on learning rates, its section on searching in the exponent.


# %% answer="search"
def search(rates, train, accuracy):
    """Return the best rate by the validation rows, and its accuracies on validation and test rows."""
    ### BEGIN SOLUTION
    best_rate, best_model, best = None, None, -1.0
    for lr in rates:
        model = train(lr)
        reached = accuracy(model, "validation")
        if reached > best:
            best_rate, best_model, best = lr, model, reached
    return best_rate, best, accuracy(best_model, "test")
    ### END SOLUTION


# %% test="search" points=5
check("a3.search", search)
### BEGIN HIDDEN TESTS
check("a3.search", search, hidden=True, seed=30417)
### END HIDDEN TESTS

# %% [markdown] locked="laboratory"
# ### A laboratory
#
# Now everything comes together: a network of 784 inputs, 64 ReLUs and 10 classes, made of **your** functions, which
# learns clothes on 2,000 pictures. The next two cells train it with different learning rates and draw the courses of
# the loss. They take a few seconds. The cells are yours: change what you like.


# %% look="functions"
fashion = data.load("fashion-mnist")
pictures = (fashion.x_train.astype(float) - 0.286) / 0.353  # mean and spread of all pixels
rows_of = {
    "training": (pictures[:2000], fashion.y_train[:2000]),
    "validation": (pictures[2000:3000], fashion.y_train[2000:3000]),
    "test": ((fashion.x_test.astype(float) - 0.286) / 0.353, fashion.y_test),
}


def softmax_loss(scores, y):
    """Return the mean loss and its gradient."""
    shifted = scores - scores.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    dscores = np.exp(log_p)
    dscores[np.arange(len(y)), y] -= 1
    return -log_p[np.arange(len(y)), y].mean(), dscores / len(y)


def scores_of(params, x):
    """Return the scores and what the backward pass needs."""
    a, first = affine_forward(x, params["w1"], params["b1"])
    h, bend = relu_forward(a)
    scores, second = affine_forward(h, params["w2"], params["b2"])
    return scores, (first, bend, second)


def train_with(stepper, lr, epochs=3, seed=0, init=None):
    """Train with one of your update rules; return the parameters and the loss of every batch."""
    rng, init = np.random.default_rng(seed), init or he
    params = {"w1": init(784, 64, rng), "b1": np.zeros(64), "w2": init(64, 10, rng), "b2": np.zeros(10)}
    states, losses = {name: {} for name in params}, []
    x, y = rows_of["training"]
    with np.errstate(all="ignore"):  # a rate that is too large overflows; that is part of the study
        for _ in range(epochs):
            for some in np.array_split(rng.permutation(len(x)), len(x) // 50):
                scores, (first, bend, second) = scores_of(params, x[some])
                loss, dscores = softmax_loss(scores, y[some])
                losses.append(loss)
                dh, dw2, db2 = affine_backward(dscores, second)
                _, dw1, db1 = affine_backward(relu_backward(dh, bend), first)
                for name, grad in {"w1": dw1, "b1": db1, "w2": dw2, "b2": db2}.items():
                    params[name], states[name] = stepper(params[name], grad, states[name], lr=lr)
                if not np.isfinite(loss):
                    return params, np.array(losses)  # diverged
    return params, np.array(losses)


def accuracy_of(params, rows):
    """Return the share of right answers on the training, validation or test rows; nan after divergence."""
    x, y = rows_of[rows]
    with np.errstate(all="ignore"):
        scores, _ = scores_of(params, x)
    return float((scores.argmax(axis=1) == y).mean()) if np.isfinite(scores).all() else float("nan")


def plain(w, dw, state, lr):
    """Gradient descent in the form of the other rules."""
    return sgd_step(w, dw, lr), state


# %% look="rates"
rates = [1e-4, 1e-3, 1e-2, 1e-1, 1, 10]
try:
    start = time.perf_counter()
    fig, axes = plt.subplots(1, 3, figsize=(10, 3.2), sharey=True, layout="constrained")
    rules = {"sgd": plain, "momentum": momentum_step, "Adam": adam_step}
    for ax, (name, stepper) in zip(axes, rules.items(), strict=True):
        for rate, colour in zip(rates, plt.cm.viridis(np.linspace(0, 0.95, len(rates))), strict=True):
            params, losses = train_with(stepper, rate)
            reached = accuracy_of(params, "validation")
            print(f"{name:8} {rate:7g}: loss {losses[-20:].mean():9.3g}, validation {reached:.3f}")
            smooth = np.convolve(losses, np.ones(10) / 10, mode="valid")
            ax.plot(smooth, color=colour, label=f"{rate:g}")
        ax.set(title=name, xlabel="step", ylim=(0, 4))
    axes[0].set_ylabel("loss, mean of 10 batches")
    axes[2].legend(title="rate", fontsize=7)
    plt.show()
    print(f"{time.perf_counter() - start:.0f} seconds")
except NotImplementedError:
    plt.close("all")
    print("There is nothing to study yet: finish tasks 3.1 to 3.3 and 3.10 to 3.15 first.")

# %% look="search"
try:
    some_rates = draw_rates(12, 1e-4, 1, np.random.default_rng(3))
    best_rate, on_validation, on_test = search(some_rates, lambda lr: train_with(plain, lr)[0], accuracy_of)
    print(f"best rate of 12: {best_rate:.3g}, validation {on_validation:.3f}, test {on_test:.3f}")
except NotImplementedError:
    print("There is nothing to search yet: finish tasks 3.16 and 3.17 first.")

# %% [markdown] locked="task_study"
# ## Task 3.18: a short study of learning rates (12 points, written)
#
# **Predict before you measure.** Write down for question 1 what you expect before you run the laboratory. A wrong
# prediction with a good explanation earns full points. Then, in the cell below, in 20 to 30 lines, with your own
# numbers:
#
# 1. Describe the course of the loss for plain gradient descent with a rate that is far too small, one that is too
#    small, one that is good, and one that is too large. How does each look in the picture, and what happens to the
#    weights? (4 points)
# 2. Which rate is the best for plain gradient descent, for momentum, and for Adam? Explain the order of the three
#    from the formulas of tasks 3.11, 3.12 and 3.15: how long is a step when the gradient stays the same for a while?
#    (4 points)
# 3. Search with `draw_rates` and `search` for one of the rules: which range, how many trials, and why these? Report
#    rate, validation accuracy and test accuracy. Is the validation accuracy of the winner an honest estimate, and in
#    which direction does it err? (2 points)
# 4. Change one other thing (`init`, the batch size, the number of epochs, dropout or batch normalization between the
#    layers) and measure whether the range of good rates moves. One sentence on what you expected, one on what you
#    found. (2 points)

# %% [markdown] written="study" points=12
# ### BEGIN SOLUTION
# **1.** Predicted: the larger, the faster, until it diverges. Found, for plain gradient descent after three passes:
#
# | rate | loss at the end | validation | course |
# |---|---|---|---|
# | 0.0001 | 2.77 | 0.15 | nearly level: far too small. The weights of the first layer have moved by 0.6 per cent |
# | 0.01 | 0.74 | 0.73 | falls all the time and is not done: too small for three passes |
# | 0.1 | 0.52 | 0.79 | falls at once and then levels off: good. The weights have moved by 24 per cent |
# | 1 | 2.35 | 0.17 | jumps to 170 in three steps, then stays at the loss of guessing: too large |
#
# I had expected infinity for the rate 1. But after the large first steps 36 of the 64 ReLUs are dead for every
# picture and pass no gradient; what is left does no better than guessing, $\log 10 = 2.30$.
#
# **2.** The best rates were about 0.1 (0.79), for momentum 0.03 (0.79 to 0.81), for Adam 0.001 to 0.003 (0.80). If
# the gradient $g$ stays the same, a step of plain gradient descent is $\eta g$. The velocity of momentum grows to $g
# + 0.9 g + 0.81 g + \dots = g / (1 - 0.9) = 10 g$, so that steps are up to ten times as long, and a smaller rate is
# needed (a rate of 0.1, good without momentum, gives 0.67 with it). In Adam $\hat m = g$ and $\sqrt{\hat n} = |g|$,
# so every entry moves by $\eta$ itself, however small its gradient is. Most gradients here are far below 1, so that
# the same $\eta$ goes much further: 0.1 is too large.
#
# **3.** Plain gradient descent, 12 trials between 0.0001 and 1: from a rate where nothing moves to one where it
# breaks, and three trials for each power of ten. Best rate 0.083, validation 0.792, test 0.785; with two other seeds
# of the search 0.789 and 0.796, 0.784 and 0.789. The validation accuracy of the winner is the largest of 12 noisy
# numbers, so it errs upwards (by little here: with 1,000 rows one standard deviation is 0.013). The test rows took no
# part in the choice.
#
# **4.** Weights of standard deviation 0.001 instead of He's: I expected slower learning with any rate. Found: 0.03
# falls from 0.77 to 0.49, and 0.01 from 0.73 to 0.27, but 0.3 is as good as before (0.72), so the range of good rates
# has moved up and become narrower. (Ten passes instead of three: everything from 0.01 to 0.3 gives 0.80 to 0.82.)
#
# **Marking guide.** 1: one point for each of the four courses, with a number or a shape from the picture; a wrong
# prediction that is explained earns full points. 2: three best rates of a plausible order (plain above momentum above
# Adam) 1, factor $1/(1 - \rho)$ 1, length of a step of Adam near $\eta$ 1, both used to explain the order 1. 3: range
# and number with a reason, and all three results 1; errs upwards because it was chosen as the largest 1. 4: one
# change only, measured over several rates 1; expectation and finding compared 1. Numbers differ with other settings.
# ### END SOLUTION

# %% [markdown] locked="finish"
# ---
# ## Before you hand in
#
# 1. *Kernel → Restart Kernel and Run All Cells*, and read the last line of every check.
# 2. Save, and hand in this notebook under its own name, `layers_and_training.ipynb`.
#
# **If you have an hour left:** put batch normalization between the first affine layer and the ReLU of the laboratory,
# and draw the picture of Part E once more with weights of standard deviation 1. Then take the mean of the running
# statistics away and see what the network answers for a single picture.
