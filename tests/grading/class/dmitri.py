# Several mistakes: a sigmoid that overflows, weights that are all positive, a ReLU on the scores.

# %% answer="sigmoid"
def sigmoid(z):
    return np.exp(z) / (1 + np.exp(z))


# %% answer="neuron"
def neuron_loss(x, w, b, t):
    a = sigmoid(np.dot(x, w) + b)
    loss = (a - t) ** 2  # squared error
    dz = (a - t) * a * (1 - a)
    return loss, dz * w, dz * x, dz


# %% [markdown] written="neuron_derivation"
# The derivative of sigmoid is sigmoid times one minus sigmoid. For large z it is nearly zero.


# %% answer="load"
def load_data(path):
    data = np.loadtxt(path)
    x = data[:, :8]
    y = data[:, 8].astype(int) - 1
    return x[:400], y[:400], x[400:], y[400:]


# %% answer="init"
def init_params(n_inputs, n_hidden, n_classes, rng):
    return {
        "W1": 0.1 * rng.random((n_inputs, n_hidden)),
        "b1": np.zeros(n_hidden),
        "W2": 0.1 * rng.random((n_hidden, n_classes)),
        "b2": np.zeros(n_classes),
    }


# %% answer="forward"
def relu(v):
    return np.maximum(v, 0)


def forward(params, x):
    h = relu(x @ params["W1"] + params["b1"])
    scores = relu(h @ params["W2"] + params["b2"])
    return scores, (x, h, params["W2"])


# %% answer="loss"
def softmax_loss(scores, y):
    e = np.exp(scores - scores.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    n = len(y)
    loss = -np.log(p[range(n), y]).mean()
    p[range(n), y] -= 1
    return loss, p  # forgot to divide by n


# %% answer="backward"
def backward(dscores, cache):
    x, h, W2 = cache
    dh = dscores @ W2.T
    dh[h == 0] = 0
    return {"W1": x.T @ dh, "b1": dh.sum(axis=0), "W2": h.T @ dscores, "b2": dscores.sum(axis=0)}


# %% answer="train"
def train(x, y, *, seed):
    rng = np.random.default_rng(seed)
    params = init_params(8, 16, 4, rng)
    losses = []
    for epoch in range(30):
        for i in range(0, 400, 20):
            scores, cache = forward(params, x[i : i + 20])
            loss, d = softmax_loss(scores, y[i : i + 20])
            grads = backward(d, cache)
            for k in params:
                params[k] -= 0.1 * grads[k]
            losses.append(loss)
    return params, losses


# %% [markdown] written="report"
# Softmax loss, 16 hidden neurons, batch 20, learning rate 0.1. It does not learn well and I do not know why.
