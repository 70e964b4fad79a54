# Everything right, in a style of its own: einsum, a dictionary as cache, arrays changed in place, prints and warnings.

# %% answer="sigmoid"
def sigmoid(z):
    # numpy warns about exp(1000) here, but the answer is still right
    return 1.0 / (1.0 + np.exp(-np.asarray(z)))


# %% answer="neuron"
def neuron_loss(x, w, b, t):
    a = sigmoid(np.einsum("d,d->", x, w) + b)
    print("a =", a)
    x *= (a - t) * a * (1 - a)  # x is dw now
    return 0.5 * np.square(a - t), w * (a - t) * a * (1 - a), x, (a - t) * a * (1 - a)


# %% [markdown] written="neuron_derivation"
# $\sigma'(z) = \frac{d}{dz}\frac{1}{1+e^{-z}} = \frac{e^{-z}}{(1+e^{-z})^2} = \sigma(z)(1-\sigma(z))$.
#
# If $z=10$ then $\sigma' \approx 0$, so the gradient is nearly 0 and the neuron stops learning.

# %% answer="load"
import sys


def load_data(path):
    rows = [line.split() for line in open(path)]
    print(len(rows), "rows", file=sys.stderr)
    table = np.asarray(rows, dtype=float)
    classes = table[:, 8].astype(np.int8)
    classes -= 1
    return table[:400, 0:8], classes[:400], table[400:, 0:8], classes[400:]


# %% answer="init"
def init_params(n_inputs, n_hidden, n_classes, rng):
    params = {}
    params["b2"] = np.zeros(n_classes)
    params["b1"] = np.zeros(n_hidden)
    params["W1"] = rng.normal(scale=1 / np.sqrt(n_inputs), size=(n_inputs, n_hidden))
    params["W2"] = rng.normal(scale=1 / np.sqrt(n_hidden), size=(n_hidden, n_classes))
    return params


# %% answer="forward"
def forward(params, x):
    h = np.einsum("nd,dh->nh", x, params["W1"]) + params["b1"]
    h[h < 0] = 0
    scores = np.einsum("nh,hc->nc", h, params["W2"])
    scores += params["b2"]
    return scores, {"inputs": x, "active": h > 0, "h": h, "p": params}


# %% answer="loss"
def softmax_loss(scores, y):
    scores -= scores.max(axis=1)[:, np.newaxis]
    loss = np.mean(np.log(np.exp(scores).sum(axis=1)) - scores[range(len(y)), y])
    np.exp(scores, out=scores)
    scores /= scores.sum(axis=1)[:, np.newaxis]
    scores[range(len(y)), y] -= 1
    scores /= len(y)
    return loss, scores


# %% answer="backward"
def backward(dscores, cache):
    dh = np.einsum("nc,hc->nh", dscores, cache["p"]["W2"])
    dh *= cache["active"]
    grads = {}
    grads["W2"] = np.einsum("nh,nc->hc", cache["h"], dscores)
    grads["b2"] = np.einsum("nc->c", dscores)
    grads["W1"] = np.einsum("nd,nh->dh", cache["inputs"], dh)
    grads["b1"] = np.einsum("nh->h", dh)
    return grads


# %% answer="train"
def train(x, y, *, seed):
    rng = np.random.default_rng(seed)
    params = init_params(8, 20, 4, rng)
    losses = np.zeros(3000)
    for step in range(3000):
        if step % 1000 == 0:
            print("step", step)
        rows = rng.choice(len(x), 25)
        scores, cache = forward(params, x[rows])
        losses[step], dscores = softmax_loss(scores, y[rows])
        grads = backward(dscores, cache)
        lr = 0.6 * (1 - step / 3000) + 0.01
        for k in grads:
            params[k] -= lr * grads[k]
    return params, losses


# %% [markdown] written="report"
# I used the cross-entropy loss. The network has 20 hidden units and the accuracy is 0.93. The batch size is 25, the
# learning rate goes down from 0.6 to 0.01 in a straight line. I tried a constant one first, and it was worse.
