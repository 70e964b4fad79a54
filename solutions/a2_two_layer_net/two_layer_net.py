# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown] locked="introduction"
# # A two-layer network from scratch
#
# You are going to write a neural network that learns, with nothing but NumPy: no framework, no automatic
# gradients. It has two layers and about two hundred parameters, and every one of the ideas in it is still there in
# networks with billions. At the end you will know where each number in a gradient comes from, because you will
# have put it there.
#
# | | you will build | points |
# |---|---|---|
# | **Problem 1** | one sigmoid neuron and its gradients, with a short derivation | 30 |
# | **Problem 2** | a two-layer ReLU network: data, parameters, forward, loss, backward, training, and a report | 70 |
#
# **Time.** About eight hours for most people: two for Problem 1, five for the code of Problem 2, one for the
# report. The computer needs seconds. The tasks build on each other, so begin early and stop between them.
#
# **You need** the chapters *Linear classifiers* and *Two-layer networks and backpropagation*, NumPy, and paper.
# Each task links to its section.

# %% [markdown] locked="how_grading_works"
# ## How grading works
#
# - Below every task stands a **check**. Run it as often as you like. It says in words what is right and what is
#   not yet, part by part, and its last line is the number of points.
# - After you hand in, **hidden checks** run. They are of the same kind and test nothing new; only the shapes and
#   the numbers differ. Code that works for general shapes has nothing to fear. Code that was fitted to the visible
#   numbers has.
# - **Parts earn points on their own.** In the backward pass, a right `db2` counts even if `dW1` is wrong. An early
#   mistake is not punished twice: your gradients are also compared with the slope of *your own* forward pass.
# - **Never graded:** speed (as long as a training takes less than eight seconds), style, prints, warnings, float32 or
#   float64, what you put into a cache, integer inputs, the slope of ReLU at exactly 0. Functions may use loops.
# - The two written answers are read by a person.
# - When a check recognises a mistake that many people make, it gives you a **hint** and a section to read again.
#   Three more hints wait below each task. Open them one at a time, and only after a try.
#
# Before you hand in: *Kernel → Restart Kernel and Run All Cells*. What works then works for us. You may add cells
# and helper functions; keep the names of the functions and do not change the cells with checks.
#
# **Working with others and with AI.** Talk about ideas with anyone; write the code and the text yourself. What this
# assignment allows with AI assistants stands on the course page *Assignments*, under the name of this assignment.

# %% locked="setup"
import matplotlib.pyplot as plt
import numpy as np

try:
    from cs_cnn.checks import check
except ImportError as error:
    message = "The course package is missing; install it as the page 'How to run the notebooks' says."
    raise ImportError(message) from error

# %% [markdown] locked="problem_1"
# ---
# # Problem 1: one sigmoid neuron (30 points)
#
# The smallest network of all: inputs $x$, weights $w$, a bias $b$, and one output between 0 and 1,
#
# $$z = w \cdot x + b, \qquad a = \sigma(z), \qquad L = \tfrac12\,(a - t)^2 ,$$
#
# where $t$ is the output we would like to see. Everything that a large network does when it learns happens here
# once: values flow forward, gradients flow back.

# %% [markdown] locked="task_sigmoid"
# ## Task 1.1: the sigmoid (5 points)
#
# **What.** Write `sigmoid(z)`, which applies
#
# $$\sigma(z) = \frac{1}{1 + e^{-z}}$$
#
# to a number or to every entry of an array.
#
# **Why.** It turns any number into one between 0 and 1. It also teaches a lesson that comes back with the softmax:
# a formula that is right on paper can fail in a computer. $e^{1000}$ does not fit into a float.
#
# **In.** `z`: a float, or an array of floats of any shape. **Out.** The same shape, without `nan`, for $|z|$ up to
# 1000.
#
# **One number.** $\sigma(0) = 0.5$, $\sigma(2) = 0.8808$, $\sigma(-2) = 0.1192$.
#
# <details><summary>Hint 1: the idea</summary>
#
# Multiply numerator and denominator by $e^{z}$: now you have two formulas for one function. Each is safe on one
# side of 0.
# </details>
#
# <details><summary>Hint 2: the shape</summary>
#
# A plain number has no shape and cannot be indexed; `np.asarray` makes an array with no axes from it. `np.where`
# chooses between two arrays entry by entry.
# </details>
#
# <details><summary>Hint 3: nearly code</summary>
#
# Let $e = e^{-|z|}$, which never overflows. For $z \ge 0$ the result is $1/(1+e)$; what is it for $z < 0$?
# </details>
#
# Read: chapter *Two-layer networks and backpropagation*, section *One neuron, by hand*.


# %% answer="sigmoid"
def sigmoid(z):
    """Return 1 / (1 + exp(-z)) for a number or an array; no overflow for |z| up to 1000."""
    ### BEGIN SOLUTION
    z = np.asarray(z, dtype=float)
    e = np.exp(-np.abs(z))  # between 0 and 1, whatever z is
    return np.where(z >= 0, 1 / (1 + e), e / (1 + e))
    ### END SOLUTION


# %% test="sigmoid" points=5
check("a2.sigmoid", sigmoid)
### BEGIN HIDDEN TESTS
check("a2.sigmoid", sigmoid, hidden=True, seed=20417)
### END HIDDEN TESTS

# %% [markdown] locked="task_neuron"
# ## Task 1.2: the gradients of a neuron (15 points: loss 3, dx 3, dw 5, db 4)
#
# **What.** Write `neuron_loss(x, w, b, t)`, which returns the loss $L$ and its gradients with respect to `x`, `w`
# and `b`.
#
# **Why.** A gradient says how the loss answers to a small change. Learning is nothing more than taking a small
# step against it, again and again.
#
# **Formula.** $z = w \cdot x + b$, $a = \sigma(z)$, $L = \frac12 (a - t)^2$. With the chain rule every gradient is
# a product of local derivatives along the path from $L$ back to the quantity in question.
#
# **In.** `x`, `w`: arrays of shape `(D,)`; `b`, `t`: floats. **Out.** `loss, dx, dw, db`: a number, two arrays of
# shape `(D,)`, a number.
#
# **One number.** For $x = (1, 2)$, $w = (0.5, -0.25)$, $b = 0.5$, $t = 1$: $z = 0.5$, $a = 0.6225$, $L = 0.0713$,
# and `db` is $-0.0887$.
#
# <details><summary>Hint 1: the idea</summary>
#
# Three boxes in a row: $z$, then $a$, then $L$. Find $\partial L/\partial a$ and $\partial a/\partial z$; their
# product
# $\delta = \partial L/\partial z$ is part of all three gradients.
# </details>
#
# <details><summary>Hint 2: the shape</summary>
#
# $\delta$ is one number. `dx` and `dw` have the shape of `x` and `w`, so each is $\delta$ times a vector. Which
# one?
# </details>
#
# <details><summary>Hint 3: nearly code</summary>
#
# You need $\sigma'(z)$, and you have already computed $a = \sigma(z)$: the derivation below says how the one
# follows from the other. Then ask of $z = w_1 x_1 + \dots + b$: by what does $z$ grow when $w_1$ grows by 1? When
# $b$ does?
# </details>
#
# **How to find out yourself whether a gradient is right:** move one entry of `w` by $10^{-5}$ up and down, and
# divide the difference of the two losses by $2 \cdot 10^{-5}$. `cs_cnn.gradcheck.numerical_gradient` does it for
# every entry.
#
# Read: chapter *Two-layer networks and backpropagation*, sections *One neuron, by hand* and *Checking a
# gradient*.


# %% answer="neuron"
def neuron_loss(x, w, b, t):
    """Return loss, dx, dw, db of one sigmoid neuron with the squared error (a - t)**2 / 2."""
    ### BEGIN SOLUTION
    a = sigmoid(np.dot(w, x) + b)
    loss = 0.5 * (a - t) ** 2
    delta = (a - t) * a * (1 - a)  # dL/da times da/dz
    return loss, delta * w, delta * x, delta
    ### END SOLUTION


# %% test="neuron" points=15
check("a2.neuron", neuron_loss)
### BEGIN HIDDEN TESTS
check("a2.neuron", neuron_loss, hidden=True, seed=20418)
### END HIDDEN TESTS

# %% [markdown] locked="task_derivation"
# ## Task 1.3: when a neuron stops learning (10 points, written)
#
# In the cell below:
#
# 1. Derive $\sigma'(z) = \sigma(z)\,(1 - \sigma(z))$ from the definition of $\sigma$ (4 points).
# 2. A neuron has $z = 10$, but its target is $t = 0$, so it could hardly be more wrong. How large is its gradient
#    with respect to $b$, about, and what does that mean for learning? (4 points)
# 3. Name one change to the activation or to the loss that helps, and say why (2 points).
#
# Eight to fifteen lines are plenty. Formulas go between dollar signs: `$\sigma(z)$`.

# %% [markdown] written="neuron_derivation" points=10
# ### BEGIN SOLUTION
# **1.** With $\sigma(z) = (1 + e^{-z})^{-1}$ the chain rule gives
#
# $$\sigma'(z) = \frac{e^{-z}}{(1+e^{-z})^2} = \frac{1}{1+e^{-z}} \cdot \frac{e^{-z}}{1+e^{-z}}
# = \sigma(z)\,\frac{(1 + e^{-z}) - 1}{1 + e^{-z}} = \sigma(z)\,(1-\sigma(z)).$$
#
# **2.** At $z = 10$, $a \approx 1 - 4.5\cdot10^{-5}$, so $a(1-a) \approx 4.5\cdot10^{-5}$ and
# $\partial L/\partial b = (a - t)\,a\,(1-a) \approx 4.5 \cdot 10^{-5}$. The error is nearly 1, the largest
# possible, yet the step is tiny: with learning rate 0.1, $z$ falls by a few millionths per step. The neuron is
# saturated. It learns slowest where it is most wrong; the gradient is also small when the neuron is right
# ($a \approx t$), but then that is no harm. In a deep network one such factor, never above 1/4, is multiplied in
# for every layer: gradients vanish.
#
# **3.** Cross-entropy, $L = -t \log a - (1-t)\log(1-a)$, has $\partial L/\partial z = a - t$: its slope in $a$
# cancels
# $a(1-a)$, so a wrong neuron gets a large gradient. Or ReLU in the hidden layers, whose slope is 1 wherever a unit
# is active.
#
# **Marking guide.** 1: chain rule used correctly 2, the result brought into the form asked for 2. 2: size (any of
# $10^{-5}$ to $10^{-4}$, or "about $e^{-10}$") 2, conclusion that it learns very slowly although it is wrong 2;
# give 1 of the last 2 for "the gradient vanishes" without the contrast to the error. 3: a working change 1, a
# reason that names the factor $a(1-a)$ 1; smaller initial weights or normalised inputs, with a reason, are
# accepted.
# ### END SOLUTION

# %% [markdown] locked="problem_2"
# ---
# # Problem 2: a two-layer network (70 points)
#
# The file `dataset.txt` beside this notebook has 500 lines. Each is one example: eight features and a class from 1
# to 4. The first two lines:
#
# | $x_1$ | $x_2$ | $x_3$ | $x_4$ | $x_5$ | $x_6$ | $x_7$ | $x_8$ | class |
# |---|---|---|---|---|---|---|---|---|
# | 0.5508 | 0.7081 | 0.2909 | 0.5108 | 0.8929 | 0.8963 | 0.1256 | 0.2072 | 2 |
# | 0.0515 | 0.4408 | 0.0299 | 0.4568 | 0.6491 | 0.2785 | 0.6763 | 0.5909 | 2 |
#
# Nobody tells you what the features mean. Your network is to find out how the class depends on them:
#
# $$h = \max(0,\; x W_1 + b_1), \qquad s = h W_2 + b_2 .$$
#
# The letters, here and in every chapter: $N$ examples, $D$ features, $H$ hidden units, $C$ classes.
#
# | | `x` | `W1` | `b1` | `h` | `W2` | `b2` | `scores` | `y` |
# |---|---|---|---|---|---|---|---|---|
# | shape | `(N, D)` | `(D, H)` | `(H,)` | `(N, H)` | `(H, C)` | `(C,)` | `(N, C)` | `(N,)` |

# %% [markdown] locked="task_load"
# ## Task 2.1: load the data (6 points: features 2, labels 2, split 2)
#
# **What.** Write `load_data(path)`, which reads such a file and returns `x_train, y_train, x_test, y_test`.
#
# **Why.** The first 400 lines are for training and the last 100 for the test, in the order of the file. The test
# lines are the promise that you have learned a rule and not a list, so nothing may be learned from them.
#
# **In.** `path`: a string. **Out.** `x_train` `(400, 8)` and `x_test` `(100, 8)`, floats; `y_train` `(400,)` and
# `y_test` `(100,)`, integers **from 0 to 3** (the file counts from 1).
#
# **One number.** `x_train[0, 0]` is 0.5508 and `y_train[0]` is 1.
#
# <details><summary>Hint 1: the idea</summary>
#
# The file is a table of numbers separated by blanks, which NumPy can read in one call.
# </details>
#
# <details><summary>Hint 2: the shape</summary>
#
# The table is `(500, 9)`. The first eight columns are features, the ninth is the class. One index removes an axis,
# a slice keeps it: compare the shapes of `table[:, 8]` and `table[:, 8:]`.
# </details>
#
# <details><summary>Hint 3: nearly code</summary>
#
# `np.loadtxt(path)` gives floats. `astype(int)` makes integers, subtracting 1 makes them start at 0, and `[:400]`
# and `[400:]` split.
# </details>
#
# Read: chapter *Two-layer networks and backpropagation*, section *A small table*.


# %% answer="load"
def load_data(path):
    """Read the homework's file: x_train (400, 8), y_train (400,), x_test (100, 8), y_test (100,); classes from 0."""
    ### BEGIN SOLUTION
    table = np.loadtxt(path)
    x, y = table[:, :8], table[:, 8].astype(int) - 1
    return x[:400], y[:400], x[400:], y[400:]
    ### END SOLUTION


# %% test="load" points=6
check("a2.load", load_data)
### BEGIN HIDDEN TESTS
check("a2.load", load_data, hidden=True, seed=20421)
### END HIDDEN TESTS

# %% [markdown] locked="task_init"
# ## Task 2.2: initial parameters (6 points: W1 2, b1 1, W2 2, b2 1)
#
# **What.** Write `init_params(n_inputs, n_hidden, n_classes, rng)`, which returns a dictionary with the keys
# `"W1"`, `"b1"`, `"W2"`, `"b2"`.
#
# **Why.** Where you start decides whether you arrive. Equal weights stay equal for ever, since equal units get
# equal gradients. Weights that are too large drown the inputs in their own noise.
#
# **In.** Three integers $D$, $H$, $C$ and `rng`, a `numpy.random.Generator` such as `np.random.default_rng(0)`.
# **Out.** `W1` `(D, H)` and `W2` `(H, C)`: random, mean zero, drawn from `rng`, and scaled: the standard deviation
# is at most 0.5 for 50 inputs or more. `b1` `(H,)` and `b2` `(C,)`: zeros.
#
# **One number.** He's rule for ReLU takes the standard deviation $\sqrt{2/\text{inputs}}$: 0.5 for 8 inputs, 0.2
# for 50.
#
# <details><summary>Hint 1: the idea</summary>
#
# The biases may be equal, since different weights already make the units different.
# </details>
#
# <details><summary>Hint 2: the shape</summary>
#
# In `x @ W1` the columns of `x` meet the rows of `W1`. How many inputs has the second layer?
# </details>
#
# <details><summary>Hint 3: nearly code</summary>
#
# `rng.normal(0, s, size=(rows, columns))` draws centred numbers with standard deviation `s`. Functions such as
# `np.random.randn` use a generator shared by everyone, and then nobody can repeat your run.
# </details>
#
# Read: chapter *Two-layer networks and backpropagation*, section *Where to start*.


# %% answer="init"
def init_params(n_inputs, n_hidden, n_classes, rng):
    """Return {"W1": (D, H), "b1": (H,), "W2": (H, C), "b2": (C,)}: scaled random weights from rng, zero biases."""
    ### BEGIN SOLUTION
    return {
        "W1": rng.normal(0, np.sqrt(2 / n_inputs), size=(n_inputs, n_hidden)),
        "b1": np.zeros(n_hidden),
        "W2": rng.normal(0, np.sqrt(2 / n_hidden), size=(n_hidden, n_classes)),
        "b2": np.zeros(n_classes),
    }
    ### END SOLUTION


# %% test="init" points=6
check("a2.init", init_params)
### BEGIN HIDDEN TESTS
check("a2.init", init_params, hidden=True, seed=20422)
### END HIDDEN TESTS

# %% [markdown] locked="task_forward"
# ## Task 2.3: forward (10 points: affine 4, relu 3, scores 3)
#
# **What.** Write `forward(params, x)`, which returns the scores and a cache.
#
# **Why.** This is the network: everything else only serves to find good numbers for it. The cache is your note to
# yourself: put into it whatever the backward pass will need, in any form. Nobody looks inside.
#
# **Formula.** $h = \max(0,\; x W_1 + b_1)$, $s = h W_2 + b_2$. Scores may be negative.
#
# **In.** `params` as in task 2.2 (the biases need not be zero any more), `x` `(N, D)`. **Out.** `scores` `(N, C)`,
# `cache`.
#
# **One number.** $x = (1, -1)$, $W_1 = \begin{pmatrix}1&2\\3&1\end{pmatrix}$, $b_1 = (0, 0.5)$,
# $W_2 = \begin{pmatrix}1&-1&2\\2&-2&0\end{pmatrix}$, $b_2 = (0.5, 0, -1)$. Then $x W_1 + b_1 = (-2, 1.5)$,
# $h = (0, 1.5)$ and $s = (3.5, -3, -1)$.
#
# <details><summary>Hint 1: the idea</summary>
#
# Two linear classifiers, one after the other, with a ReLU in between, and only there.
# </details>
#
# <details><summary>Hint 2: the shape</summary>
#
# `(N, D) @ (D, H)` is `(N, H)`. Adding `b1` of shape `(H,)` adds it to every row: NumPy broadcasts from the right.
# </details>
#
# <details><summary>Hint 3: nearly code</summary>
#
# `np.maximum(a, 0)` compares entry by entry; `np.max(a, 0)` is something else. The backward pass will ask for `x`,
# for `h` or what came before it, and for `W2`.
# </details>
#
# Read: chapter *Two-layer networks and backpropagation*, section *Forward: two layers and a bend*.


# %% answer="forward"
def forward(params, x):
    """Return scores (N, C) and a cache for backward."""
    ### BEGIN SOLUTION
    hidden = np.maximum(x @ params["W1"] + params["b1"], 0)
    scores = hidden @ params["W2"] + params["b2"]
    return scores, (x, hidden, params["W2"])
    ### END SOLUTION


# %% test="forward" points=10
check("a2.forward", forward)
### BEGIN HIDDEN TESTS
check("a2.forward", forward, hidden=True, seed=20423)
### END HIDDEN TESTS

# %% [markdown] locked="task_loss"
# ## Task 2.4: the softmax loss (10 points: loss 5, dscores 5)
#
# **What.** Write `softmax_loss(scores, y)`, which returns the mean cross-entropy of the batch and its gradient
# with respect to the scores.
#
# **Why.** The softmax turns scores into probabilities, and the loss asks one thing: how surprised were you by the
# right class?
#
# **Formula.** For example $i$ with class $y_i$
#
# $$p_{ij} = \frac{e^{s_{ij}}}{\sum_k e^{s_{ik}}}, \qquad L = -\frac1N \sum_i \log p_{i y_i}, \qquad
# \frac{\partial L}{\partial s_{ij}} = \frac1N\,\bigl(p_{ij} - [\,j = y_i\,]\bigr) .$$
#
# **In.** `scores` `(N, C)`, which may be large: rows may lie around $+1000$ or $-1000$. `y` `(N,)`, integers from
# 0. **Out.** `loss`, a number; `dscores` `(N, C)`. Rows a thousand apart must not give `nan` (2 + 2 of the points).
#
# **One number.** One example with scores $(2, 0)$ and class 1: $p = (0.8808, 0.1192)$, $L = 2.1269$,
# `dscores` $= (0.8808, -0.8808)$.
#
# <details><summary>Hint 1: the idea</summary>
#
# Adding the same number to all scores of a row changes no probability: it cancels in the fraction. So you may
# choose the number.
# </details>
#
# <details><summary>Hint 2: the shape</summary>
#
# Every row needs a maximum and a sum of its own. With `keepdims=True` they have shape `(N, 1)` and broadcast over
# the row.
# </details>
#
# <details><summary>Hint 3: nearly code</summary>
#
# `a[np.arange(N), y]` picks one entry of every row; `a[:, y]` does not. And `d = p` gives an array a second name;
# `p.copy()` makes a second array.
# </details>
#
# Read: chapter *Two-layer networks and backpropagation*, section *Loss*; chapter *Linear classifiers*, section
# *From scores to probabilities*.


# %% answer="loss"
def softmax_loss(scores, y):
    """Return the mean cross-entropy and its gradient with respect to the scores, (N, C)."""
    ### BEGIN SOLUTION
    rows = np.arange(len(y))
    shifted = scores - scores.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    loss = -log_p[rows, y].mean()
    dscores = np.exp(log_p)
    dscores[rows, y] -= 1
    return loss, dscores / len(y)
    ### END SOLUTION


# %% test="loss" points=10
check("a2.loss", softmax_loss)
### BEGIN HIDDEN TESTS
check("a2.loss", softmax_loss, hidden=True, seed=20424)
### END HIDDEN TESTS

# %% [markdown] locked="task_backward"
# ## Task 2.5: backward (14 points: dW1 4, db1 3, dW2 4, db2 3)
#
# **What.** Write `backward(dscores, cache)`, which returns a dictionary with the gradients of the loss with
# respect to the four parameters, under the keys of `params`.
#
# **Why.** This is backpropagation: the chain rule, applied from the last operation to the first, with every
# intermediate result computed once.
#
# **Formula.** Follow the arrows of the forward pass backwards. `dscores` is $\partial L / \partial s$; first you
# get the gradients of $W_2$ and $b_2$ and of $h$, then you pass the ReLU, then you get those of $W_1$ and $b_1$.
#
# **In.** `dscores` `(N, C)`, any numbers; `cache`, from your own `forward`. **Out.**
# `{"W1": ..., "b1": ..., "W2": ...,
# "b2": ...}`, each with **the shape of its parameter**: `(H,)` for `b1`, not `(1,
# H)`. There is no factor $1/N$ here: it is
# in `dscores` already.
#
# **One number.** In the example of task 2.3 with `dscores` $= (1, 0, -1)$: $\partial L/\partial h = (-1, 2)$, the
# gradient of
# $b_1$ is $(0, 2)$ and that of $W_2$ is $\begin{pmatrix}0&0&0\\1.5&0&-1.5\end{pmatrix}$.
#
# <details><summary>Hint 1: the idea</summary>
#
# For each operation ask: which of its inputs do I want a gradient for, and what was the other factor? A unit that
# the ReLU switched off had no influence, so no gradient passes through it.
# </details>
#
# <details><summary>Hint 2: the shape</summary>
#
# Write all shapes on paper. `dW2` must be `(H, C)`, and you have `h` `(N, H)` and `dscores` `(N, C)`: there is
# only one way to multiply them. A bias was added to every row, so its gradient collects something from every row.
# </details>
#
# <details><summary>Hint 3: nearly code</summary>
#
# `dh` comes from `dscores` and `W2`, with one of them transposed. For the ReLU, multiply by a mask that is 1 where
# the unit was active: what did you keep in the cache that knows it? After that the first layer is the second layer
# once more, with other names.
# </details>
#
# Read: chapter *Two-layer networks and backpropagation*, section *Backward, line by line*.


# %% answer="backward"
def backward(dscores, cache):
    """Return the gradients of the loss: a dictionary with the keys and shapes of params."""
    ### BEGIN SOLUTION
    x, hidden, w2 = cache
    dhidden = (dscores @ w2.T) * (hidden > 0)
    return {
        "W1": x.T @ dhidden,
        "b1": dhidden.sum(axis=0),
        "W2": hidden.T @ dscores,
        "b2": dscores.sum(axis=0),
    }
    ### END SOLUTION


# %% test="backward" points=14
check("a2.backward", forward, backward)
### BEGIN HIDDEN TESTS
check("a2.backward", forward, backward, hidden=True, seed=20425)
### END HIDDEN TESTS

# %% [markdown] locked="task_train"
# ## Task 2.6: train (8 points: falls 2, seed 2, updates 1, learns 3)
#
# **What.** Write `train(x, y, *, seed)`, which makes new parameters, improves them step by step, and returns them
# with the list of losses.
#
# **Why.** All pieces are there; now they learn. You choose the number of hidden units, the batch size, the
# learning rate and its course, and the number of steps. Your report will say what you tried.
#
# **Formula.** For a batch $B$ of training rows: $\theta \leftarrow \theta - \eta\, \nabla_\theta L_B$. Momentum or
# Adam are welcome, not needed.
#
# **In.** `x` `(N, 8)`, `y` `(N,)` with classes 0 to 3, `seed`: an integer. **Out.** `params`, as in task 2.2, and
# `losses`, a list with the loss of each step.
#
# **The check** trains on the 400 training rows of the file: the loss must fall by a third or more, the training
# accuracy of `forward(params, x)` must reach 0.85, all four parameters must change, the same seed must give the
# same network and another seed another one. One training must take less than eight seconds; a tenth of a
# second is possible.
#
# **One number.** With four classes and small scores the first loss is near $\log 4 = 1.386$. A good training ends
# below 0.2.
#
# <details><summary>Hint 1: the idea</summary>
#
# Make one generator from the seed and take everything random from it: the first weights and the order of the rows.
# Go through all rows in a new order in every epoch.
# </details>
#
# <details><summary>Hint 2: the shape</summary>
#
# An array of row numbers, such as part of `rng.permutation(len(x))`, picks the same rows from `x` and from `y`.
# Every gradient has the shape of its parameter, so one loop over the keys updates all.
# </details>
#
# <details><summary>Hint 3: nearly code</summary>
#
# For each batch: `forward`, `softmax_loss`, `backward`, step, note the loss. If the loss falls slowly, the
# learning rate is too small (0.1 to 1 is not too large here); if it jumps, let the rate shrink a little after
# every epoch. 100 epochs of small batches are not many.
# </details>
#
# Read: chapter *Two-layer networks and backpropagation*, section *Training*.


# %% answer="train"
def train(x, y, *, seed):
    """Train a two-layer network with mini-batches; return params and the list of losses, one for each step."""
    ### BEGIN SOLUTION
    rng = np.random.default_rng(seed)
    params = init_params(x.shape[1], 16, 4, rng)
    losses = []
    lr, batch_size = 0.5, 20
    for _ in range(60):
        order = rng.permutation(len(x))
        for start in range(0, len(x), batch_size):
            rows = order[start : start + batch_size]
            scores, cache = forward(params, x[rows])
            loss, dscores = softmax_loss(scores, y[rows])
            grads = backward(dscores, cache)
            for key in params:
                params[key] -= lr * grads[key]
            losses.append(float(loss))
        lr *= 0.96
    return params, losses
    ### END SOLUTION


# %% test="train" points=8
check("a2.train", train, forward)
### BEGIN HIDDEN TESTS
check("a2.train", train, forward, hidden=True, seed=20426)
### END HIDDEN TESTS

# %% [markdown] locked="look_at_the_loss"
# ### Look at it
#
# Numbers say whether a training worked; a curve says why. The next cell trains once on `dataset.txt` and draws the
# loss. Change the cell as you like.

# %% look="training"
try:
    x_train, y_train, x_test, y_test = load_data("dataset.txt")
    params, losses = train(x_train, y_train, seed=0)
    train_accuracy = np.mean(forward(params, x_train)[0].argmax(axis=1) == y_train)
    test_accuracy = np.mean(forward(params, x_test)[0].argmax(axis=1) == y_test)
except NotImplementedError:
    print("There is nothing to draw yet: finish tasks 2.1 to 2.6 first.")
else:
    smooth = np.convolve(losses, np.ones(20) / 20, mode="valid")
    fig, ax = plt.subplots(figsize=(7, 3.5))
    ax.plot(losses, color="0.75", linewidth=0.5, label="each step")
    ax.plot(np.arange(len(smooth)) + 19, smooth, color="#0072b2", label="mean of 20 steps")
    ax.axhline(np.log(4), color="0.3", linestyle="--", linewidth=1, label="guessing: log 4")
    ax.set(xlabel="step", ylabel="loss", ylim=(0, None), title="The course of a training")
    ax.legend()
    plt.show()
    print(f"accuracy: training {train_accuracy:.3f}, test {test_accuracy:.3f}")

# %% [markdown] locked="task_accuracy"
# ## Task 2.7: accuracy on the test rows (8 points)
#
# **What.** Nothing new to write: improve the settings in your `train`. Its networks for three seeds are tested on
# the last 100 rows, and **the median of the three accuracies** counts: 0.75 gives 4 points, 0.825 gives 6, 0.90
# gives 8.
#
# **Why the median?** 100 rows are few: three more or fewer right answers are luck. One lucky seed should not
# decide.
#
# **How to choose settings without fooling yourself.** Every look at the test rows is a small leak: after fifty
# looks you have chosen what suits *these* hundred rows. Set some training rows aside for your choices
# (cross-validation is better still), and look at the test rows at the end.
#
# **One number.** Always answering with the most frequent class is right on about 3 of 10 rows.
#
# <details><summary>Hint 1: the idea</summary>
#
# Compare the accuracy on the training rows with that on the test rows. Both low: train longer or faster. Training
# rows nearly perfect, test rows not: the network is larger than it need be.
# </details>
#
# <details><summary>Hint 2: the shape</summary>
#
# You hardly need more than a dozen or two hidden units for eight features and four classes.
# </details>
#
# <details><summary>Hint 3: nearly code</summary>
#
# Small batches, a learning rate of a few tenths that shrinks by one or two per cent after every epoch, and a
# hundred epochs or more are a good place to start from.
# </details>

# %% test="accuracy" points=8
check("a2.accuracy", train, forward)
### BEGIN HIDDEN TESTS
check("a2.accuracy", train, forward, hidden=True, seed=20427)
### END HIDDEN TESTS

# %% [markdown] locked="task_report"
# ## Task 2.8: report (8 points, written)
#
# Half a page, in sentences. Someone who has not seen your code should be able to repeat your result.
#
# - **Loss** (2 points): the definition of your loss, as a formula with every letter explained.
# - **Result** (2 points): the accuracy on training and test rows, for how many seeds, with their spread.
# - **Hidden units** (2 points): how many, which other numbers you tried, and what happened.
# - **Batch size and learning rate** (2 points): your strategy, that is what you tried first, what you saw, what
#   you changed and why.

# %% [markdown] written="report" points=8
# ### BEGIN SOLUTION
# **Loss.** The mean cross-entropy of a batch of $N$ examples, $L = -\frac1N\sum_i \log p_{i y_i}$, where
# $p_{ij} = e^{s_{ij}} / \sum_k e^{s_{ik}}$ is the probability that the network gives to class $j$ for example $i$,
# $s = \max(0, xW_1+b_1)W_2+b_2$ are the scores, and $y_i$ is the right class. No regularisation.
#
# **Result.** Over ten seeds the median accuracy is 0.98 on the 400 training rows and 0.94 on the 100 test rows
# (from 0.92 to 0.95). With 100 test rows one standard error is about 0.025, so differences of two points mean
# little.
#
# **Hidden units.** 16. I compared sizes on the last 100 training rows, trained on the other 300, ten seeds each;
# medians: 0.91 for 4 units (one seed learned nothing: 0.22), 0.92 for 8, 0.93 for 16, 0.895 for 64, and 0.88 for 200,
# which learn the training rows by heart. With so few rows a larger layer has more freedom than the data can settle.
#
# **Batch size and learning rate.** I started with batches of 20 and the constant rate 0.1: a smooth fall, but
# after 300 epochs some seeds were still below 0.90. The constant rate 0.5 falls faster and ends in jumps, since
# the gradient of 20 rows is noisy: one seed ended at 0.68. Starting at 0.5 and multiplying by 0.96 after every
# epoch keeps the fast start and calms the end; 60 epochs take a twentieth of a second. Full batches with the same
# rate and epochs reached only 0.46.
#
# **Marking guide.** Two points for each of the four: one for the fact (formula; accuracies; number of units; batch
# size and rate), one for what makes it useful (letters explained; seeds or spread; comparison with another size; a
# reason that refers to something observed). Accept any loss that was really used. Do not take points here for a
# low accuracy: task 2.7 did.
# ### END SOLUTION

# %% [markdown] locked="finish"
# ---
# ## Before you hand in
#
# 1. *Kernel → Restart Kernel and Run All Cells*, and read the last line of every check.
# 2. Save, and hand in this notebook under its own name, `two_layer_net.ipynb`.
#
# **If you have an hour left:** your network reaches about 0.94. Train a linear classifier (no hidden layer) on the
# same rows until its loss no longer falls. What does the result tell you about the data, and about choosing a
# model?
