# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown] locked="introduction"
# # Linear classifiers
#
# A weighted sum of pixels, and a decision: that is all a linear classifier does. In 1958 a machine the size of a
# wardrobe learned to tell letters apart in this way. You will write its learning rule, then the two losses with
# which such classifiers are trained today, and a training that names eight of ten pieces of clothing correctly
# after a second of work. At the end you will meet data on which every linear classifier must fail, and say why.
#
# | | you will build | points |
# |---|---|---|
# | **Problem 1** | the perceptron: a threshold unit, its rule, and a training that counts mistakes | 21 |
# | **Problem 2** | scores, predictions, accuracy, and a tool that measures any gradient | 19 |
# | **Problem 3** | the softmax loss and the hinge loss, by loops and without, with a penalty | 40 |
# | **Problem 4** | training on pictures of clothing, and a look at what cannot be learned (written) | 20 |
#
# **Time.** About seven hours for most people: one and a half for Problem 1, one for Problem 2, three for Problem 3,
# one and a half for Problem 4. The computer needs seconds. The tasks build on each other, so begin early and stop
# between them.
#
# **You need** the chapters *Linear classifiers*, *The perceptron*, *Loss functions* and *Gradient descent*, NumPy,
# and paper. Each task links to its section.

# %% [markdown] locked="how_grading_works"
# ## How grading works
#
# - Below every task stands a **check**. Run it as often as you like. It says in words what is right and what is
#   not yet, part by part, and its last line is the number of points.
# - After you hand in, **hidden checks** run. They are of the same kind and test nothing new; only the shapes and
#   the numbers differ.
# - **Parts earn points on their own**, and an early mistake is not punished twice: gradients are also compared with
#   the slope of *your own* loss, and later tasks accept what follows from your own earlier functions.
# - **Never graded:** speed (as long as a training takes less than eight seconds), style, prints, warnings, float32 or
#   float64, the slope of the hinge at exactly 0. Any task may be solved with loops or without, also those that have
#   "loops" or "vectorised" in their names: what counts is the result.
# - Arrays that your function receives should stay as they are. The check gives you copies, and mentions a change.
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
# **The letters.** $N$ examples, $D$ features, $K$ classes. Examples are rows, and classes count from 0.
#
# | | `x` | `w` | `b` | answers or scores | what is right |
# |---|---|---|---|---|---|
# | Problem 1, one unit | `(N, D)` | `(D,)` | a number | `(N,)` | `t` `(N,)`: 0 or 1 |
# | from Problem 2 on | `(N, D)` | `(D, K)` | `(K,)` | `(N, K)` | `y` `(N,)`: 0 to $K-1$ |

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

# %% [markdown] locked="problem_1"
# ---
# # Problem 1: the perceptron (21 points)
#
# Frank Rosenblatt's **Mark I Perceptron** looked at letters with a camera of $20 \times 20$ cadmium sulfide
# photocells: 400 numbers. Its weights were motor-driven resistors, and learning turned the motors. (The first
# perceptron was not a machine of its own but a simulation on an IBM 704 computer, in 1957.)
#
# One unit adds up its weighted inputs and answers with 0 or 1:
#
# $$y = \begin{cases} 1 & \text{if } w \cdot x + b > 0 \\ 0 & \text{otherwise.} \end{cases}$$
#
# One of the source lectures lists "ReLU" as the activation of the Mark I. That is a slip: the machine had a
# threshold, as above, and the ReLU came decades later.

# %% [markdown] locked="task_perceptron_output"
# ## Task 1.1: a threshold unit (4 points: values 3, border 1)
#
# **What.** Write `perceptron_output(x, w, b)`, which returns the answers of the unit for all rows of `x`.
#
# **Why.** This is the simplest decision that depends on many inputs at once. All points with $w \cdot x + b = 0$ form
# a straight border; on the one side the unit fires, on the other it does not.
#
# **Formula.** As above. Exactly on the border the answer is 0.
#
# **In.** `x` `(N, D)`, `w` `(D,)`, `b` a number. **Out.** `(N,)`, every entry 0 or 1 (`True` and `False` count as
# 1 and 0).
#
# **One number.** $x = (1, 2)$, $w = (3, -1)$: with $b = -1$ the sum is 0 and the answer 0; with $b = -0.5$ it is 1.
#
# <details><summary>Hint 1: the idea</summary>
#
# Comparing an array with a number compares every entry.
# </details>
#
# <details><summary>Hint 2: the shape</summary>
#
# `x @ w` is `(N, D) @ (D,)`, which gives `(N,)`: one sum per row.
# </details>
#
# <details><summary>Hint 3: nearly code</summary>
#
# `a > 0` is an array of truth values, and `.astype(int)` makes 0 and 1 from them. Where does `b` come in?
# </details>
#
# Read: chapter *The perceptron*, section *A threshold unit*.


# %% answer="perceptron_output"
def perceptron_output(x, w, b):
    """Return 1 where w·x + b > 0 and 0 elsewhere, for every row of x."""
    ### BEGIN SOLUTION
    return (x @ w + b > 0).astype(int)
    ### END SOLUTION


# %% test="perceptron_output" points=4
check("a1.perceptron_output", perceptron_output)
### BEGIN HIDDEN TESTS
check("a1.perceptron_output", perceptron_output, hidden=True, seed=10411)
### END HIDDEN TESTS

# %% [markdown] locked="task_perceptron_step"
# ## Task 1.2: one step of the rule (8 points: w 3, b 3, right 2)
#
# **What.** Write `perceptron_step(x, w, b, t, lr)`, which shows the unit one example and returns the new `w` and `b`.
#
# **Why.** The whole learning of the Mark I is this one line. It is also the oldest relative of everything that
# follows in this course: error times input.
#
# **Formula.** With the answer $y$ of the unit and the answer $t$ that it should have given,
#
# $$w \leftarrow w + \eta\,(t - y)\,x, \qquad b \leftarrow b + \eta\,(t - y).$$
#
# **In.** `x`, `w`: arrays of shape `(D,)`; `b` a number; `t`: 0 or 1; `lr`: the learning rate $\eta$. **Out.**
# `w, b`: the new ones, `(D,)` and a number.
#
# **One number.** $x = (1, 2)$, $w = (0.5, -0.5)$, $b = 0$, $t = 1$, $\eta = 0.1$: the sum is $-0.5$, the answer 0 is
# wrong, and the new values are $w = (0.6, -0.3)$ and $b = 0.1$. The sum for this $x$ is now 0.1.
#
# <details><summary>Hint 1: the idea</summary>
#
# The error $t - y$ is 1, 0 or $-1$. What does the step do in each of the three cases?
# </details>
#
# <details><summary>Hint 2: the shape</summary>
#
# A number times `x` has the shape of `x`, and so of `w`. The bias is a weight whose input is always 1.
# </details>
#
# <details><summary>Hint 3: nearly code</summary>
#
# `x` is one example here: `w @ x + b` is a number, and comparing it with 0 gives the answer. If you use
# `perceptron_output`, give it `x[None]`, a batch of one, and take entry 0 of what it returns.
# </details>
#
# Read: chapter *The perceptron*, section *The learning rule*.


# %% answer="perceptron_step"
def perceptron_step(x, w, b, t, lr):
    """Show one example x (D,) with the target t, 0 or 1; return the new w and b."""
    ### BEGIN SOLUTION
    y = perceptron_output(x[None], w, b)[0]
    error = t - int(y)  # 1: should have fired; -1: should not have; 0: all is well
    return w + lr * error * x, b + lr * error
    ### END SOLUTION


# %% test="perceptron_step" points=8
check("a1.perceptron_step", perceptron_step)
### BEGIN HIDDEN TESTS
check("a1.perceptron_step", perceptron_step, hidden=True, seed=10412)
### END HIDDEN TESTS

# %% [markdown] locked="task_perceptron_train"
# ## Task 1.3: train, and count the mistakes (9 points: w 3, b 2, mistakes 2, stops 2)
#
# **What.** Write `perceptron_train(x, t, lr, epochs)`, which goes through the rows again and again, in order, and
# makes one step for each. It stops after the first pass without a mistake, and after `epochs` passes at the latest.
#
# **Why.** If any straight border separates the two classes, this loop finds one and stops: that is the
# perceptron's famous theorem (Novikoff, 1962). Count the bias as one more weight, whose input is always 1. If
# then all inputs are no longer than $R$ and some border keeps the distance $\gamma$ from all of them, the loop
# makes at most $(R/\gamma)^2$ mistakes in its life. If there is no such border, it never comes to rest.
#
# **In.** `x` `(N, D)`, `t` `(N,)` with 0 and 1, `lr`, `epochs`: the largest number of passes. **Out.** `w`
# `(D,)`, `b` a number, and `mistakes`: a list with one number for each pass that was made, how many examples the
# unit got wrong in it. **Start** with zeros. An example counts as a mistake if the answer *before* its step is
# wrong.
#
# **One number.** Two examples, $x = (2, 0)$ with $t = 1$ and $x = (1, 0)$ with $t = 0$, and $\eta = 1$: the
# counts are `[2, 1, 2, 0]`, and at the end $w = (1, 0)$, $b = -1$.
#
# <details><summary>Hint 1: the idea</summary>
#
# Two loops, one inside the other: passes, and rows. After every row `w` and `b` are new, and the next row meets them.
# </details>
#
# <details><summary>Hint 2: the shape</summary>
#
# `x[i]` is `(D,)`, a vector for `perceptron_step`; `x[i : i + 1]` is `(1, D)`, a batch for `perceptron_output`.
# </details>
#
# <details><summary>Hint 3: nearly code</summary>
#
# At the beginning of every pass the count is 0. For every row: compare the answer with the target, count, step. After
# the last row: append the count to the list, and if it is 0, leave the outer loop.
# </details>
#
# Read: chapter *The perceptron*, section *Why it stops*.


# %% answer="perceptron_train"
def perceptron_train(x, t, lr, epochs):
    """Train a unit from zero, row by row; return w, b and the list of mistakes in every pass."""
    ### BEGIN SOLUTION
    w, b, mistakes = np.zeros(x.shape[1]), 0.0, []
    for _ in range(epochs):
        count = 0
        for row, target in zip(x, t, strict=True):
            count += int(perceptron_output(row[None], w, b)[0] != target)
            w, b = perceptron_step(row, w, b, target, lr)
        mistakes.append(count)
        if count == 0:
            break
    return w, b, mistakes
    ### END SOLUTION


# %% test="perceptron_train" points=9
check("a1.perceptron_train", perceptron_train, perceptron_step, perceptron_output)
### BEGIN HIDDEN TESTS
check("a1.perceptron_train", perceptron_train, perceptron_step, perceptron_output, hidden=True, seed=10413)
### END HIDDEN TESTS

# %% [markdown] locked="look_at_the_letters"
# ### Look at it: letters for the Mark I
#
# The next cell draws letters on $20 \times 20$ photocells, at changing places and with three per cent of the cells
# broken, and lets your unit learn to tell two of them apart. The weights are a picture too: light cells speak for the
# second letter, dark ones for the first. Try other pairs (`T`, `X`, `O`, `C`, `L`). Which are hard, and why? Can you
# see in the weights where the unit looks?

# %% look="letters"
LETTERS = {
    "T": "##### ..#.. ..#.. ..#.. ..#..",
    "X": "#...# .#.#. ..#.. .#.#. #...#",
    "O": ".###. #...# #...# #...# .###.",
    "C": ".#### #.... #.... #.... .####",
    "L": "#.... #.... #.... #.... #####",
}


def draw_letters(pair, count, rng):
    """Return images (count, 400) of the two letters, and 0 for the first or 1 for the second, (count,)."""
    x, t = np.zeros((count, 20, 20)), rng.integers(0, 2, size=count)
    for image, which in zip(x, t, strict=True):
        small = np.array([[cell == "#" for cell in row] for row in LETTERS[pair[which]].split()], dtype=float)
        top, left = rng.integers(2, 9, size=2)
        image[top : top + 10, left : left + 10] = small.repeat(2, axis=0).repeat(2, axis=1)
        broken = rng.random((20, 20)) < 0.03
        image[broken] = 1 - image[broken]
    return x.reshape(count, 400), t


pair = "TX"
rng = np.random.default_rng(0)
x_letters, t_letters = draw_letters(pair, 200, rng)
x_new, t_new = draw_letters(pair, 400, rng)
try:
    w_unit, b_unit, counts = perceptron_train(x_letters, t_letters, lr=1.0, epochs=100)
    new_accuracy = np.mean(perceptron_output(x_new, w_unit, b_unit) == t_new)
except NotImplementedError:
    print("There is nothing to draw yet: finish tasks 1.1 to 1.3 first.")
else:
    fig, axes = plt.subplots(1, 5, figsize=(9, 2))
    for ax, image in zip(axes, [*x_letters[:4], w_unit], strict=True):
        ax.imshow(image.reshape(20, 20), cmap="gray")
        ax.set_axis_off()
    axes[4].set_title("the weights")
    plt.show()
    print(f"mistakes in each pass: {counts}; accuracy on new letters: {new_accuracy:.3f}")

# %% [markdown] locked="problem_2"
# ---
# # Problem 2: scores, and a ruler for gradients (19 points)
#
# One unit knows two answers. For $K$ classes we take $K$ units without their thresholds: each gives a **score**, and
# the largest one wins.

# %% [markdown] locked="task_scores"
# ## Task 2.1: scores (5 points: product 3, bias 2)
#
# **What.** Write `linear_scores(x, w, b)`, which returns the scores of all classes for all examples.
#
# **Why.** This one product is the last layer of nearly every network in this course.
#
# **Formula.** $s_{nk} = \sum_d x_{nd}\, w_{dk} + b_k$, that is $s = x w + b$.
#
# **In.** `x` `(N, D)`, `w` `(D, K)`, `b` `(K,)`. **Out.** `(N, K)`. Scores may be negative.
#
# **One number.** $x = (1, 2)$, $w = \begin{pmatrix}1&0&-1\\2&1&0\end{pmatrix}$, $b = (0.5, 0, 0)$: the scores are
# $(5.5, 2, -1)$.
#
# <details><summary>Hint 1: the idea</summary>
#
# Every column of `w` is one unit of Problem 1.
# </details>
#
# <details><summary>Hint 2: the shape</summary>
#
# `(N, D) @ (D, K)` is `(N, K)`. Adding `b` of shape `(K,)` adds it to every row: NumPy broadcasts from the right.
# </details>
#
# <details><summary>Hint 3: nearly code</summary>
#
# A product and a sum: one line.
# </details>
#
# Read: chapter *Linear classifiers*, section *One classifier, three viewpoints*.


# %% answer="scores"
def linear_scores(x, w, b):
    """Return the scores x w + b, (N, K)."""
    ### BEGIN SOLUTION
    return x @ w + b
    ### END SOLUTION


# %% test="scores" points=5
check("a1.scores", linear_scores)
### BEGIN HIDDEN TESTS
check("a1.scores", linear_scores, hidden=True, seed=10421)
### END HIDDEN TESTS

# %% [markdown] locked="task_predict"
# ## Task 2.2: predict (3 points)
#
# **What.** Write `predict(x, w, b)`, which returns the class with the largest score for every example.
#
# **Why.** Scores are what the classifier computes; a class is what it says.
#
# **In.** As in task 2.1. **Out.** `(N,)`, class numbers from 0.
#
# **One number.** For the scores of task 2.1 the class is 0. With $b = (-4, 0, 0)$ they are $(1, 2, -1)$, and it is 1.
#
# <details><summary>Hint 1: the idea</summary>
#
# You need the place of the largest score, not its size.
# </details>
#
# <details><summary>Hint 2: the shape</summary>
#
# One answer per row: the axis of the classes disappears. Which number has that axis?
# </details>
#
# <details><summary>Hint 3: nearly code</summary>
#
# NumPy has `max` and `argmax`, and both take an `axis`.
# </details>
#
# Read: chapter *Linear classifiers*, section *One classifier, three viewpoints*.


# %% answer="predict"
def predict(x, w, b):
    """Return the class with the largest score for every row of x, (N,)."""
    ### BEGIN SOLUTION
    return linear_scores(x, w, b).argmax(axis=1)
    ### END SOLUTION


# %% test="predict" points=3
check("a1.predict", predict, linear_scores)
### BEGIN HIDDEN TESTS
check("a1.predict", predict, linear_scores, hidden=True, seed=10422)
### END HIDDEN TESTS

# %% [markdown] locked="task_accuracy"
# ## Task 2.3: accuracy (3 points)
#
# **What.** Write `accuracy(predicted, y)`, the share of right predictions.
#
# **Why.** Accuracy is what people ask for. It cannot be trained on directly: it moves in jumps, and its slope is 0
# nearly everywhere. That is why Problem 3 needs losses.
#
# **In.** `predicted` and `y`, both `(N,)`. **Out.** A number between 0 and 1.
#
# **One number.** `predicted` $= (0, 2, 1, 1)$ and `y` $= (0, 2, 2, 1)$ give 0.75.
#
# <details><summary>Hint 1: the idea</summary>
#
# How many are equal, out of how many?
# </details>
#
# <details><summary>Hint 2: the shape</summary>
#
# `predicted == y` has shape `(N,)` and holds truth values.
# </details>
#
# <details><summary>Hint 3: nearly code</summary>
#
# The mean of truth values is the share of those that are true.
# </details>
#
# Read: chapter *Linear classifiers*, section *Training*.


# %% answer="accuracy"
def accuracy(predicted, y):
    """Return the share of entries in which predicted and y agree."""
    ### BEGIN SOLUTION
    return np.mean(predicted == y)
    ### END SOLUTION


# %% test="accuracy" points=3
check("a1.accuracy", accuracy)
### BEGIN HIDDEN TESTS
check("a1.accuracy", accuracy, hidden=True, seed=10423)
### END HIDDEN TESTS

# %% [markdown] locked="task_numerical_gradient"
# ## Task 2.4: a gradient by measurement (8 points: vector 3, matrix 3, accuracy 2)
#
# **What.** Write `numerical_gradient(f, x, h=1e-5)`, which measures the gradient of any function `f` at `x` by moving
# every entry of `x` a little, up and down.
#
# **Why.** It is slow and nearly always right, and it knows nothing of your derivation. Whoever owns this tool
# need not hope that a gradient is right. You will use it through the whole course, and in Problem 3 at once.
#
# **Formula.** With $e_i$ the array that is 1 at the place $i$ and 0 elsewhere,
#
# $$\frac{\partial f}{\partial x_i} \approx \frac{f(x + h\,e_i) - f(x - h\,e_i)}{2h} .$$
#
# This **centred** difference is off by about $h^2$ times a third derivative; the one-sided
# $\bigl(f(x + h\,e_i) - f(x)\bigr)/h$ is off by about $h$ times a second one. The check asks for the centred one.
#
# **In.** `f`: a function that takes an array of the shape of `x` and returns a number; `x`: an array of floats
# with any number of axes; `h`: the step. **Out.** An array of the shape of `x`. Work in float64: float32 has only
# seven digits, and the subtraction eats them.
#
# **One number.** $f(x) = x_0^2 + 3 x_1$ at $(1, 1)$ has the gradient $(2, 3)$.
#
# <details><summary>Hint 1: the idea</summary>
#
# One entry at a time: move it up, ask `f`; move it down, ask `f`; put it back.
# </details>
#
# <details><summary>Hint 2: the shape</summary>
#
# `np.ndindex(x.shape)` gives the places of all entries of an array of any shape, as tuples: `x[place]` is one number.
# </details>
#
# <details><summary>Hint 3: nearly code</summary>
#
# `above = x.copy()` and then `above[place] += h` moves one entry of a copy; the same for `below`. The quotient
# goes to `gradient[place]` of an array that begins as `np.zeros_like(x)`. Mind the brackets around $2h$.
# </details>
#
# Read: chapter *Two-layer networks and backpropagation*, section *Checking a gradient*.


# %% answer="numerical_gradient"
def numerical_gradient(f, x, h=1e-5):
    """Return the gradient of f at x by centred differences; f takes an array of the shape of x, returns a number."""
    ### BEGIN SOLUTION
    gradient = np.zeros_like(x)
    for place in np.ndindex(x.shape):
        above, below = x.copy(), x.copy()
        above[place] += h
        below[place] -= h
        gradient[place] = (f(above) - f(below)) / (2 * h)
    return gradient
    ### END SOLUTION


# %% test="numerical_gradient" points=8
check("a1.numerical_gradient", numerical_gradient)
### BEGIN HIDDEN TESTS
check("a1.numerical_gradient", numerical_gradient, hidden=True, seed=10424)
### END HIDDEN TESTS

# %% [markdown] locked="problem_3"
# ---
# # Problem 3: two losses (40 points)
#
# A loss says in one number how bad the scores are. Its gradient says how every weight should move. You will write two
# losses, each twice: with loops, where every step can be seen, and vectorised, where whole arrays are computed at
# once. Both versions must give the same results, so each is a test of the other.
#
# All functions return `loss, dw, db`: a number, and two gradients **with the shapes of `w` and `b`**. All losses are
# **means** over the $N$ examples.

# %% [markdown] locked="task_softmax_loops"
# ## Task 3.1: softmax loss, by loops (10 points: loss 4, dw 3, db 2, both gradients for shifted scores 1)
#
# **What.** Write `softmax_loss_loops(x, w, b, y)`, which returns the mean cross-entropy and its gradients.
#
# **Why.** The softmax turns scores into probabilities, and the loss asks how surprised we are by the right class. Its
# gradient is the perceptron's rule with a soft answer: error times input.
#
# **Formula.** For example $n$ with the scores $s_{nk} = \sum_d x_{nd} w_{dk} + b_k$ and the class $y_n$
#
# $$p_{nk} = \frac{e^{s_{nk}}}{\sum_j e^{s_{nj}}}, \qquad L = -\frac1N \sum_n \log p_{n y_n}, \qquad
# \frac{\partial L}{\partial s_{nk}} = \frac1N\bigl(p_{nk} - [\,k = y_n\,]\bigr).$$
#
# Since $s_{nk}$ grows by $x_{nd}$ when $w_{dk}$ grows by 1,
# $\partial L/\partial w_{dk} = \sum_n x_{nd}\; \partial L/\partial s_{nk}$. What is $\partial L/\partial b_k$?
#
# **In.** `x` `(N, D)`, `w` `(D, K)`, `b` `(K,)`, `y` `(N,)`, integers from 0. The scores of a row may all lie
# near $+1000$, and those of the next row near $-1000$: that must not give `nan` (1 + 1 of the points). **Out.**
# `loss`, `dw` `(D, K)`, `db` `(K,)`.
#
# **One number.** $x = (1, 2)$, $w = \begin{pmatrix}1&0\\0.5&0\end{pmatrix}$, $b = (0, 0)$, class 1: the scores are
# $(2, 0)$, $p = (0.8808, 0.1192)$, $L = 2.1269$, `db` $= (0.8808, -0.8808)$, and `dw[1, 0]` is 1.7616.
#
# <details><summary>Hint 1: the idea</summary>
#
# One example at a time: scores, largest score, exponentials, their sum, the loss. Then one class at a time: its
# probability, less 1 if it is the right class. Everything is added to `loss`, `dw` and `db`, which begin as zeros.
# </details>
#
# <details><summary>Hint 2: the shape</summary>
#
# For one example `s` is `(K,)` and `x[n]` is `(D,)`. A number times `x[n]` is `(D,)`: that is a column of `dw`,
# `dw[:, k]`.
# </details>
#
# <details><summary>Hint 3: nearly code</summary>
#
# Adding the same number to all scores of a row changes no probability, so subtract the row's largest score before
# `np.exp`. Where does the sum of exponentials begin again at 0? Divide by $N$ once, at the very end, everything that
# needs it.
# </details>
#
# Check your gradients with your own tool: `numerical_gradient(lambda v: softmax_loss_loops(x, v, b, y)[0], w)`.
#
# Read: chapter *Loss functions*, section *Softmax and cross-entropy*; chapter *Linear classifiers*, section *The
# gradient is an error times an image*.


# %% answer="softmax_loss_loops"
def softmax_loss_loops(x, w, b, y):
    """Return the mean cross-entropy of the softmax of x w + b, and its gradients: loss, dw (D, K), db (K,)."""
    ### BEGIN SOLUTION
    loss, dw, db = 0.0, np.zeros(w.shape), np.zeros(b.shape)
    for n in range(len(x)):
        s = x[n] @ w + b
        s = s - s.max()  # no probability changes, and exp cannot overflow
        total = 0.0
        for k in range(len(b)):
            total += np.exp(s[k])
        loss += np.log(total) - s[y[n]]
        for k in range(len(b)):
            error = np.exp(s[k]) / total - (k == y[n])
            dw[:, k] += error * x[n]
            db[k] += error
    return loss / len(x), dw / len(x), db / len(x)
    ### END SOLUTION


# %% test="softmax_loss_loops" points=10
check("a1.softmax_loss_loops", softmax_loss_loops)
### BEGIN HIDDEN TESTS
check("a1.softmax_loss_loops", softmax_loss_loops, hidden=True, seed=10431)
### END HIDDEN TESTS

# %% [markdown] locked="task_softmax_vectorised"
# ## Task 3.2: softmax loss, vectorised (8 points: loss 3, dw 3, db 1, both gradients for shifted scores 1)
#
# **What.** Write `softmax_loss_vectorised(x, w, b, y)`: the same results, computed on whole arrays.
#
# **Why.** A loop in Python takes about as long for one multiplication as NumPy for hundreds. Task 4.1 calls this
# function a thousand times or more.
#
# **Formula.** As in task 3.1. With $\delta = \partial L/\partial s$ of shape `(N, K)`, the sum over examples in
# $\partial L/\partial w_{dk} = \sum_n x_{nd}\,\delta_{nk}$ is one matrix product.
#
# **In, out, one number.** As in task 3.1.
#
# <details><summary>Hint 1: the idea</summary>
#
# Every line of the inner loops becomes one line on an array that has one axis more.
# </details>
#
# <details><summary>Hint 2: the shape</summary>
#
# Every row needs a maximum and a sum of its own. With `keepdims=True` they have shape `(N, 1)` and broadcast over the
# row. `dw` is `(D, K)`, and you have `x` `(N, D)` and $\delta$ `(N, K)`: there is only one way to multiply them.
# </details>
#
# <details><summary>Hint 3: nearly code</summary>
#
# `a[np.arange(N), y]` picks one entry of every row; `a[:, y]` does not. And `d = p` gives an array a second name;
# `p.copy()` makes a second array.
# </details>
#
# Read: chapter *Loss functions*, section *Softmax and cross-entropy*.


# %% answer="softmax_loss_vectorised"
def softmax_loss_vectorised(x, w, b, y):
    """Return what softmax_loss_loops returns, computed on whole arrays."""
    ### BEGIN SOLUTION
    rows = np.arange(len(y))
    s = x @ w + b
    s = s - s.max(axis=1, keepdims=True)
    log_p = s - np.log(np.exp(s).sum(axis=1, keepdims=True))
    ds = np.exp(log_p)
    ds[rows, y] -= 1
    ds /= len(y)
    return -log_p[rows, y].mean(), x.T @ ds, ds.sum(axis=0)
    ### END SOLUTION


# %% test="softmax_loss_vectorised" points=8
check("a1.softmax_loss_vectorised", softmax_loss_vectorised)
### BEGIN HIDDEN TESTS
check("a1.softmax_loss_vectorised", softmax_loss_vectorised, hidden=True, seed=10432)
### END HIDDEN TESTS

# %% [markdown] locked="look_at_the_speed"
# ### Look at it: what a loop costs
#
# The next cell runs both functions on 200 pictures of clothing and compares results and times. Nothing here is
# graded.

# %% look="loops_and_arrays"
clothing = data.load("fashion-mnist")
x_few = clothing.x_train[:200].reshape(200, 784).astype(float)
w_few = np.random.default_rng(0).normal(0, 0.01, size=(784, 10))
took, results = [], []
for function in (softmax_loss_loops, softmax_loss_vectorised):
    try:
        start = time.perf_counter()
        results.append(function(x_few, w_few, np.zeros(10), clothing.y_train[:200]))
        took.append(time.perf_counter() - start)
    except NotImplementedError:
        print(f"{function.__name__} is not written yet.")
if len(results) == 2:
    gap = max(np.abs(np.subtract(a, c)).max() for a, c in zip(*results, strict=True))
    print(f"loops {took[0] * 1000:.1f} ms, vectorised {took[1] * 1000:.1f} ms; largest difference {gap:.0e}")

# %% [markdown] locked="task_penalised"
# ## Task 3.3: a penalty on large weights (6 points: loss 2, dw 3, db 1)
#
# **What.** Write `penalised_loss(x, w, b, y, reg)`, the softmax loss plus a penalty on the weights.
#
# **Why.** If some weights get all training examples right, weights ten times as large make the loss smaller
# still, and the loss alone never says "enough". The penalty does. It also prefers many small weights to a few
# large ones.
#
# **Formula.** $L_{\text{reg}} = L + \lambda \sum_{d,k} w_{dk}^2$, with $\lambda$ = `reg` and **without** a factor
# $\frac12$. The biases are not penalised, and the penalty is not divided by $N$.
#
# **In.** As in task 3.1, and `reg`, a number from 0. **Out.** `loss, dw, db`.
#
# **One number.** In the example of task 3.1 with `reg` $= 0.1$: $\sum w^2 = 1.25$, the loss grows to 2.2519, and
# `dw[0, 0]` grows by 0.2, from 0.8808 to 1.0808.
#
# <details><summary>Hint 1: the idea</summary>
#
# A sum of two things has a sum of two gradients, and you have one of them.
# </details>
#
# <details><summary>Hint 2: the shape</summary>
#
# The penalty is a number; its gradient has the shape of `w`. What does the penalty do when one weight alone moves?
# </details>
#
# <details><summary>Hint 3: nearly code</summary>
#
# Call `softmax_loss_vectorised`, and add one term to two of its three results. What is the
# derivative of $\lambda v^2$?
# </details>
#
# Read: chapter *Loss functions*, section *A penalty on large weights*.


# %% answer="penalised_loss"
def penalised_loss(x, w, b, y, reg):
    """Return the softmax loss plus reg times the sum of the squared weights, and its gradients: loss, dw, db."""
    ### BEGIN SOLUTION
    loss, dw, db = softmax_loss_vectorised(x, w, b, y)
    return loss + reg * np.sum(w**2), dw + 2 * reg * w, db
    ### END SOLUTION


# %% test="penalised_loss" points=6
check("a1.penalised_loss", penalised_loss, softmax_loss_vectorised)
### BEGIN HIDDEN TESTS
check("a1.penalised_loss", penalised_loss, softmax_loss_vectorised, hidden=True, seed=10433)
### END HIDDEN TESTS

# %% [markdown] locked="task_svm_loops"
# ## Task 3.4: hinge loss, by loops (8 points: loss 3, dw 3, db 2)
#
# **What.** Write `svm_loss_loops(x, w, b, y)`, the loss of a multiclass support vector machine, with its gradients.
#
# **Why.** The softmax loss is never content: even a good example still pulls. The hinge loss is content as soon
# as the right score leads every other by a **margin** of 1.
#
# **Formula.** With the scores $s_{nk}$ as before,
#
# $$L = \frac1N \sum_n \sum_{k \ne y_n} \max\bigl(0,\; s_{nk} - s_{n y_n} + 1\bigr).$$
#
# A term that is 0 has no gradient. A term above 0 grows with $s_{nk}$ and falls with $s_{n y_n}$, each
# with slope 1. No check asks for the slope of a term that is exactly 0.
#
# **In, out.** As in task 3.1.
#
# **One number.** One example with scores $(1, 3, 0.5)$ and class 0: the terms are $3 - 1 + 1 = 3$ and
# $0.5 - 1 + 1 = 0.5$, so $L = 3.5$, and `db` $= (-2, 1, 1)$.
#
# <details><summary>Hint 1: the idea</summary>
#
# Every term above 0 pushes twice: a wrong class down, the right class up.
# </details>
#
# <details><summary>Hint 2: the shape</summary>
#
# One push changes one column of `dw`, `(D,)`, by `x[n]`, and one entry of `db` by 1. How many columns does one term
# change?
# </details>
#
# <details><summary>Hint 3: nearly code</summary>
#
# Loop over examples, and inside over classes; `continue` skips the right class. If the margin is above 0, add it to
# the loss and change four things: two columns of `dw` and two entries of `db`. Divide by $N$ at the end.
# </details>
#
# Read: chapter *Loss functions*, section *The hinge loss*.


# %% answer="svm_loss_loops"
def svm_loss_loops(x, w, b, y):
    """Return the mean multiclass hinge loss with margin 1, and its gradients: loss, dw (D, K), db (K,)."""
    ### BEGIN SOLUTION
    loss, dw, db = 0.0, np.zeros(w.shape), np.zeros(b.shape)
    for n in range(len(x)):
        s = x[n] @ w + b
        for k in range(len(b)):
            margin = s[k] - s[y[n]] + 1
            if k == y[n] or margin <= 0:
                continue
            loss += margin
            dw[:, k] += x[n]
            dw[:, y[n]] -= x[n]
            db[k] += 1
            db[y[n]] -= 1
    return loss / len(x), dw / len(x), db / len(x)
    ### END SOLUTION


# %% test="svm_loss_loops" points=8
check("a1.svm_loss_loops", svm_loss_loops)
### BEGIN HIDDEN TESTS
check("a1.svm_loss_loops", svm_loss_loops, hidden=True, seed=10434)
### END HIDDEN TESTS

# %% [markdown] locked="task_svm_vectorised"
# ## Task 3.5: hinge loss, vectorised (8 points: loss 3, dw 3, db 2)
#
# **What.** Write `svm_loss_vectorised(x, w, b, y)`: the same results, computed on whole arrays.
#
# **Why.** The gradient of a loss with a condition in it becomes a mask: a table of zeros and ones. You will meet
# masks again in ReLU, dropout and max pooling.
#
# **Formula.** As in task 3.4. In the table $\partial L / \partial s$, times $N$, every violated margin stands as
# a 1 at its wrong class. What stands at the right class of a row with three violated margins?
#
# **In, out, one number.** As in task 3.4.
#
# <details><summary>Hint 1: the idea</summary>
#
# Build the table of all margins `(N, K)`, take out the right classes, and make the table of slopes from it.
# </details>
#
# <details><summary>Hint 2: the shape</summary>
#
# The scores of the right classes, `s[np.arange(N), y]`, have shape `(N,)`. To subtract them from every column you
# need `(N, 1)`.
# </details>
#
# <details><summary>Hint 3: nearly code</summary>
#
# `np.maximum(0, ...)`, then set the entries of the right classes to 0. The mask is `margins > 0` as floats; at the
# right classes it gets minus the sum of its row. After that, `dw` and `db` follow as in task 3.2.
# </details>
#
# Read: chapter *Loss functions*, section *The hinge loss*.


# %% answer="svm_loss_vectorised"
def svm_loss_vectorised(x, w, b, y):
    """Return what svm_loss_loops returns, computed on whole arrays."""
    ### BEGIN SOLUTION
    rows = np.arange(len(y))
    s = x @ w + b
    margins = np.maximum(0, s - s[rows, y][:, None] + 1)
    margins[rows, y] = 0
    ds = (margins > 0).astype(float)
    ds[rows, y] = -ds.sum(axis=1)
    ds /= len(y)
    return margins.sum() / len(y), x.T @ ds, ds.sum(axis=0)
    ### END SOLUTION


# %% test="svm_loss_vectorised" points=8
check("a1.svm_loss_vectorised", svm_loss_vectorised)
### BEGIN HIDDEN TESTS
check("a1.svm_loss_vectorised", svm_loss_vectorised, hidden=True, seed=10435)
### END HIDDEN TESTS

# %% [markdown] locked="problem_4"
# ---
# # Problem 4: clothes, and what cannot be learned (20 points)
#
# Fashion-MNIST has grey pictures of ten kinds of clothing, $28 \times 28$ pixels each. The next cell makes three sets
# of rows: 4,000 to train on, 1,000 to choose settings with, and 1,000 test pictures.

# %% locked="clothes"
fashion = data.load("fashion-mnist")
x_all = fashion.x_train.reshape(5000, 784).astype(float)  # brightness from 0 to 1
x_train, y_train = x_all[:4000], fashion.y_train[:4000]
x_val, y_val = x_all[4000:], fashion.y_train[4000:]
x_test, y_test = fashion.x_test.reshape(1000, 784).astype(float), fashion.y_test

# %% [markdown] locked="task_train"
# ## Task 4.1: train (8 points: falls 2, seed 2, accuracy 4)
#
# **What.** Write `train(x, y, *, seed)`, which learns `w` and `b` step by step and returns them with the list of
# losses.
#
# **Why.** All pieces are there. One small batch of rows gives a rough gradient, and a thousand rough steps go further
# than ten exact ones.
#
# **Formula.** For a batch of rows, in an order drawn with the seed:
#
# $$w \leftarrow w - \eta\,\frac{\partial L}{\partial w}, \qquad b \leftarrow b - \eta\,\frac{\partial L}{\partial b}.$$
#
# You choose loss (any of yours), learning rate $\eta$ and its course, batch size and number of passes.
#
# **In.** `x` `(N, 784)`, `y` `(N,)` with classes 0 to 9, `seed`: an integer. **Out.** `w` `(784, 10)`, `b`
# `(10,)`, and `losses`, a list with the loss of each step.
#
# **The check** trains on the 4,000 training rows: the loss must fall by 40 per cent or more, the same seed must
# give the same weights and another seed other ones, `b` must learn too, and the accuracy on the test pictures
# counts: 0.65 earns half of the 4 points, 0.74 three quarters, 0.78 all. One training must take less than eight
# seconds; half a second is possible. Choose your settings with `x_val`. The test pictures are for the end.
#
# **One number.** With ten classes and small weights the first softmax loss is near $\log 10 = 2.303$; for the
# hinge loss it is 9.
#
# <details><summary>Hint 1: the idea</summary>
#
# Make one generator, `np.random.default_rng(seed)`, and draw a new order of the rows from it for every pass. The
# weights may begin as zeros: with one layer and a convex loss there is nothing to break.
# </details>
#
# <details><summary>Hint 2: the shape</summary>
#
# Part of `rng.permutation(len(x))` is an array of row numbers. It picks the same rows from `x` and from `y`.
# </details>
#
# <details><summary>Hint 3: nearly code</summary>
#
# For each batch: loss and gradients, a step, note the loss. Batches of 50, a learning rate near 0.1 that shrinks by a
# few per cent after every pass, and 10 to 20 passes are a good place to start from.
# </details>
#
# Read: chapter *Gradient descent*, section *Mini-batches*.


# %% answer="train"
def train(x, y, *, seed):
    """Train a linear classifier with mini-batches; return w (784, 10), b (10,) and the loss of every step."""
    ### BEGIN SOLUTION
    rng = np.random.default_rng(seed)
    w, b, losses = np.zeros((x.shape[1], 10)), np.zeros(10), []
    lr, batch_size = 0.1, 50
    for _ in range(15):
        order = rng.permutation(len(x))
        for start in range(0, len(x), batch_size):
            rows = order[start : start + batch_size]
            loss, dw, db = softmax_loss_vectorised(x[rows], w, b, y[rows])
            w = w - lr * dw
            b = b - lr * db
            losses.append(float(loss))
        lr *= 0.93
    return w, b, losses
    ### END SOLUTION


# %% test="train" points=8
check("a1.train", train)
### BEGIN HIDDEN TESTS
check("a1.train", train, hidden=True, seed=10441)
### END HIDDEN TESTS

# %% [markdown] locked="look_at_the_templates"
# ### Look at it: what a linear classifier has learned
#
# Every column of `w` has 784 entries, one for each pixel, so it can be shown as a picture: a **template**. Red
# pixels speak for the class, blue ones against it. Which templates can you name? Why does the one for sneakers
# look the way it does, and what would happen if all shoes in the test pictures pointed to the other side? The
# cell also measures that.

# %% look="training"
try:
    w, b, losses = train(x_train, y_train, seed=0)
    on_val = accuracy(predict(x_val, w, b), y_val)
    mirrored = x_val.reshape(-1, 28, 28)[:, :, ::-1].reshape(-1, 784)
    on_mirrored = accuracy(predict(mirrored, w, b), y_val)
except NotImplementedError:
    print("There is nothing to draw yet: finish tasks 2.1 to 2.3 and 4.1 first.")
else:
    fig, ax = plt.subplots(figsize=(7, 2.8))
    ax.plot(losses, color="#0072b2", linewidth=0.6)
    ax.set(xlabel="step", ylabel="loss of the batch", ylim=(0, None), title="The course of a training")
    plt.show()
    fig, axes = plt.subplots(2, 5, figsize=(9, 4.2))
    largest = np.abs(w).max()
    for k, ax in enumerate(axes.flat):
        ax.imshow(w[:, k].reshape(28, 28), cmap="RdBu_r", vmin=-largest, vmax=largest)
        ax.set_title(fashion.classes[k], fontsize=9)
        ax.set_axis_off()
    plt.show()
    print(f"accuracy on the pictures for choosing: {on_val:.3f}; mirrored left to right: {on_mirrored:.3f}")

# %% [markdown] locked="look_at_the_hard_cases"
# ### Look at it: three hard cases
#
# Each of the three data sets below has two features and two classes, so everything can be seen.
#
# - **quadrants**: class 0 where both coordinates have the same sign, class 1 elsewhere.
# - **annulus**: class 0 in a ring, class 1 inside and outside.
# - **three modes**: class 0 in three separate discs, class 1 around them.
#
# The cell trains a linear classifier on each and draws its border. Before you run it, write down the accuracy
# that you expect. Then change `features`: it may return any numbers that can be computed from a point, for
# instance `np.column_stack([p, p[:, 0] * p[:, 1]])`. The classifier stays linear *in these features*. What does
# the border look like now?


# %% look="hard_cases"
def features(p):
    """Return what the classifier sees of the points p (N, 2); change this function."""
    return p


def fit_and_draw(ax, kind):
    """Train on one of the hard cases, draw points and regions, and return the accuracy."""
    p, y = data.hard_case(kind, 600, np.random.default_rng(0))
    f = features(p)
    w, b = np.zeros((f.shape[1], 2)), np.zeros(2)
    for _ in range(2000):
        _, dw, db = softmax_loss_vectorised(f, w, b, y)
        w, b = w - 0.5 * dw, b - 0.5 * db
    side = np.linspace(-1.05, 1.05, 121) * np.abs(p).max()
    grid = np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2)
    region = predict(features(grid), w, b).reshape(121, 121)
    ax.contourf(side, side, region, levels=[-0.5, 0.5, 1.5], colors=["#0072b2", "#e69f00"], alpha=0.25)
    for k, (marker, colour) in enumerate(zip("ox", ["#0072b2", "#b36b00"], strict=True)):
        ax.scatter(*p[y == k].T, s=8, marker=marker, color=colour, linewidth=0.8, label=f"class {k}")
    ax.set_aspect("equal")
    return accuracy(predict(f, w, b), y)


try:
    softmax_loss_vectorised(np.ones((1, 2)), np.zeros((2, 2)), np.zeros(2), np.zeros(1, dtype=int))
    accuracy(predict(np.ones((1, 2)), np.zeros((2, 2)), np.zeros(2)), np.zeros(1))
except NotImplementedError:
    print("There is nothing to draw yet: finish tasks 2.1 to 2.3 and 3.2 first.")
else:
    fig, axes = plt.subplots(1, 3, figsize=(10, 3.6))
    for ax, kind in zip(axes, ("quadrants", "annulus", "three-modes"), strict=True):
        ax.set_title(f"{kind}: accuracy {fit_and_draw(ax, kind):.2f}")
    axes[0].legend(loc="lower left", fontsize=8)
    plt.show()

# %% [markdown] locked="task_hard_cases"
# ## Task 4.2: why it fails (12 points, written)
#
# In the cell below, in 15 to 25 lines:
#
# 1. Prove that no linear classifier is right about the four points $(1, 1)$, $(-1, -1)$ of class 0 and $(1, -1)$,
#    $(-1, 1)$ of class 1 (4 points).
# 2. Two classes of a linear classifier meet in a straight line. Say for the annulus and for the three modes, in
#    one or two sentences each, why no straight line can do (2 points).
# 3. Describe one experiment with `features`: which features, for which of the data sets, the accuracy before and
#    after, and why these features help. Is the classifier still linear? In what? (4 points)
# 4. Your templates: mirrored shoes were recognised much worse, or would be. Which of the three hard cases is that
#    most like, and what would help? (2 points)

# %% [markdown] written="hard_cases" points=12
# ### BEGIN SOLUTION
# **1.** Two scores $s_0, s_1$ decide by the sign of their difference, $g(x) = s_0 - s_1 = u \cdot x + c$ with
# $u = w_{\cdot 0} - w_{\cdot 1}$ and $c = b_0 - b_1$. Right answers need $g(1, 1) > 0$ and $g(-1, -1) > 0$; their
# sum is $2c > 0$. They also need $g(1, -1) < 0$ and $g(-1, 1) < 0$; their sum is $2c < 0$. Both cannot hold. (If
# ties go to class 0, read $\ge$ for its two points: $2c \ge 0$ and $2c < 0$ contradict each other as well.)
#
# **2.** *Annulus.* Take any line through the centre: along it we meet class 1, 0, 1, 0, 1. A linear score changes
# sign at most once along a line. *Three modes.* The side of class 0 is a half-plane and so convex: with the three
# discs it contains the whole triangle between them, where class 1 lies.
#
# **3.** For the annulus I added $r^2 = x_1^2 + x_2^2$, and then also $r^4$ (both scaled: $r^2/4$, $r^4/16$).
# Accuracy: 0.54 with the points alone, 0.77 with $r^2$, 1.00 with both. With $r^2$ alone the classifier can put
# one threshold on the radius, which gives a disc and not a ring. With $r^4$ the score is a parabola in $r^2$,
# positive between two radii. The classifier is still linear, but in the features $(x_1, x_2, r^2, r^4)$; in the
# plane its border is two circles. The product $x_1 x_2$ does the same for the quadrants: 0.55 before, 1.00 after.
#
# **4.** The three modes (or the quadrants, with a reason): shoes that point left and shoes that point right are
# separate groups of one class, and what lies between them, a mixture of both, is no shoe. One template per class
# can only average them. Help: several templates per class and a decision that takes the best of them, which is
# what a hidden layer does; or features that do not change when the picture is mirrored; or mirrored pictures in
# the training set, which help one template only as far as an average can.
#
# **Marking guide.** 1: reduces the question to the sign of one linear function 1, the four inequalities 1, a
# contradiction from them 2 (any other valid proof: 4, for instance that the segments between the pairs cross in
# 0, which would lie on both sides). 2: one point each; accept "sign changes more than once along a line" and
# "half-planes are convex". 3: features and data set named 1, accuracies before and after 1, reason why they help
# 1, linear in the features and not in the coordinates 1. 4: names a case with a reason 1, something that would
# help 1. Numbers may differ from ours with other settings.
# ### END SOLUTION

# %% [markdown] locked="finish"
# ---
# ## Before you hand in
#
# 1. *Kernel → Restart Kernel and Run All Cells*, and read the last line of every check.
# 2. Save, and hand in this notebook under its own name, `linear_classifiers.ipynb`.
#
# **If you have an hour left:** use the pixels of the letters from Problem 1, but move every letter over the whole
# field of $20 \times 20$ cells instead of a few. How does the accuracy on new letters change, and the picture of
# the weights? What would a machine need that recognises a `T` wherever it stands? (The third week answers that.)
