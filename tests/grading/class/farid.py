# Several mistakes: classes from 1, the slope of the sigmoid taken at z, no ReLU in the backward pass, one seed for all.

# %% answer="sigmoid"
def sigmoid(z):
    z = np.asarray(z, dtype=float)
    return np.where(z > 0, 1 / (1 + np.exp(-np.abs(z))), 1 - 1 / (1 + np.exp(-np.abs(z))))


# %% answer="neuron"
def neuron_loss(x, w, b, t):
    z = x @ w + b
    a = sigmoid(z)
    dz = (a - t) * z * (1 - z)
    return (a - t) ** 2 / 2, dz * w, dz * x, dz


# %% [markdown] written="neuron_derivation"
# The neuron stops learning when sigma is 0 or 1.


# %% answer="load"
def load_data(path):
    data = np.loadtxt(path)
    y = data[:, 8].astype(int)
    return data[:400, :8], y[:400], data[400:, :8], y[400:]


# %% answer="init"
def init_params(n_inputs, n_hidden, n_classes, rng):
    return {
        "W1": 0.1 * rng.standard_normal((n_inputs, n_hidden)),
        "b1": np.zeros(n_hidden),
        "W2": 0.1 * rng.standard_normal((n_hidden, n_classes)),
        "b2": np.zeros(n_classes),
    }


# %% answer="forward"
def forward(params, x):
    h = np.maximum(0, np.dot(x, params["W1"]) + params["b1"])
    scores = np.dot(h, params["W2"]) + params["b2"]
    return scores, (x, h, params)


# %% answer="loss"
def softmax_loss(scores, y):
    N = len(y)
    e = np.exp(scores - np.max(scores, axis=1, keepdims=True))
    p = e / np.sum(e, axis=1, keepdims=True)
    loss = np.mean(-np.log(p[np.arange(N), y] + 1e-300))
    d = p
    d[np.arange(N), y] -= 1
    return loss, d / N


# %% answer="backward"
def backward(dscores, cache):
    x, h, params = cache
    dh = np.dot(dscores, params["W2"].T)
    return {
        "W1": np.dot(x.T, dh),
        "b1": np.sum(dh, axis=0),
        "W2": np.dot(h.T, dscores),
        "b2": np.sum(dscores, axis=0),
    }


# %% answer="train"
def train(x, y, *, seed):
    rng = np.random.default_rng(42)
    params = init_params(8, 12, 4, rng)
    losses = []
    for step in range(500):
        i = rng.integers(0, len(x), 20)
        scores, cache = forward(params, x[i])
        loss, dscores = softmax_loss(scores, y[i])
        grads = backward(dscores, cache)
        for k in params:
            params[k] = params[k] - 0.05 * grads[k]
        losses.append(loss)
    return params, losses


# %% [markdown] written="report"
# Loss: softmax. Hidden: 12. Batch: 20. Learning rate: 0.05. Accuracy: see above.
