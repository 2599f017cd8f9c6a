"""Models of torchvision and Keras as they are installed, held against published counts."""

import pytest

from gradiometer import parameters

pytestmark = pytest.mark.oracle


@pytest.mark.filterwarnings("ignore")
def test_the_vision_transformer_of_torchvision_has_its_published_count_and_work():
    torch = pytest.importorskip("torch")
    models = pytest.importorskip("torchvision.models")
    with torch.device("meta"):
        model = models.vit_b_16()
    facts = parameters(model=model, input="3x224x224").facts
    assert facts["parameters"].value == 86_567_656
    # Its attention is fused on some devices, and is counted all the same.
    assert facts["macs"].value == 17_563_828_224
    assert parameters("vit_b_16").facts["macs"].value == 17_563_828_224


@pytest.mark.filterwarnings("ignore")
def test_a_layer_of_keras_in_two_places_counts_once_and_works_twice():
    keras = pytest.importorskip("keras")
    net, left, right = keras.layers.Dense(10), keras.Input((10,)), keras.Input((10,))
    joined = keras.layers.Subtract()([net(left), net(right)])
    model = keras.Model([left, right], keras.layers.Dense(1)(joined))
    facts = parameters(model=model).facts
    assert facts["parameters"].value == 121 == model.count_params()
    assert sum(row["parameters"] for row in facts["layers"].value) == 121
