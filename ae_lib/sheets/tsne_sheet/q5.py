# tsne_sheet
from ae_lib.sheets import test_case

OK_FORMAT = False

name = "q5"
points = None

@test_case(points=1, hidden=False)
def test_three_models(encoder, classifier, decoder):
    """An encoder to two numbers, a classifier and a decoder from them."""
    import numpy as np
    from ae_lib.sheets import expect
    rng = np.random.default_rng(3)
    x = rng.uniform(size=(5, 784)).astype('float32')
    a = expect.predict(expect.model(encoder, 'encoder'), x, 'encoder', (5, 2))
    a = a.astype('float32')
    p = expect.predict(expect.model(classifier, 'classifier'), a, 'classifier', (5, 10))
    assert np.allclose(p.sum(axis=1), 1, atol=0.001), 'The ten outputs of classifier do not add up to 1; end it with a softmax.'
    expect.predict(expect.model(decoder, 'decoder'), a, 'decoder', (5, 784))

@test_case(points=1, hidden=False)
def test_validation_accuracy(encoder, classifier):
    """An accuracy of at least 0.88 on the validation images."""
    import numpy as np
    from ae_lib.sheets import expect
    data = expect.digits()
    x, y = (data.x_train[50000:51000].reshape(1000, 784), data.y_train[50000:51000])
    a = expect.predict(expect.model(encoder, 'encoder'), x, 'encoder', (1000, 2))
    a = a.astype('float32')
    p = expect.predict(expect.model(classifier, 'classifier'), a, 'classifier', (1000, 10))
    accuracy = np.mean(p.argmax(axis=1) == y)
    assert accuracy >= 0.88, f'The accuracy is {accuracy:.3f}; expected at least 0.88. Do the three models share the trained layers? More weight for the digits (lambda), more epochs or wider layers help.'
