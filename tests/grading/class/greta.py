# Right as far as it goes, but the upload broke off: the builder cuts this notebook short, so it is not valid JSON.

# %% answer="sigmoid"
def sigmoid(z):
    return np.exp(-np.logaddexp(0, -np.asarray(z)))


# %% answer="neuron"
def neuron_loss(x, w, b, t):
    a = sigmoid(x @ w + b)
    d = (a - t) * a * (1 - a)
    return (a - t) ** 2 / 2, d * w, d * x, d
