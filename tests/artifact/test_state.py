"""The default save and load."""

import pickle
import random
import zipfile

import numpy as np
import pytest
from safetensors.numpy import load_file

import harness
from tests.tools import imported_when_used

torch = imported_when_used("torch")
POINTS = np.random.default_rng(0).normal(size=(300, 5))
LABELS = (POINTS[:, 0] + POINTS[:, 1] ** 2 > 0.5).astype(int)


class Model(harness.Model):
    def __init__(self, **attributes):
        vars(self).update(attributes)


@pytest.fixture
def folder(tmp_path):
    return tmp_path


def round_trip(folder, model=None, **attributes):
    """Save a model with these attributes and load it into a new one."""
    model = model or Model(**attributes)
    model.save(folder)
    loaded = type(model)()
    loaded.load(folder)
    return loaded


def stored(folder):
    """How many numbers the safetensors hold."""
    return sum(array.size for array in load_file(folder / "arrays.safetensors").values())


def structure_bytes(folder):
    return (folder / "structure.pkl").stat().st_size


@pytest.mark.compute
def test_modules_in_lists_and_dictionaries_are_restored(folder):
    nets = [torch.nn.Linear(4, 3), {"deep": torch.nn.Sequential(torch.nn.Linear(3, 3), torch.nn.BatchNorm1d(3))}]
    loaded = round_trip(folder, nets=nets)
    for before, after in zip([nets[0], nets[1]["deep"]], [loaded.nets[0], loaded.nets[1]["deep"]], strict=True):
        for name, tensor in before.state_dict().items():
            assert torch.equal(after.state_dict()[name], tensor)
    assert isinstance(loaded.nets[0].weight, torch.nn.Parameter)
    assert loaded.nets[0].weight.requires_grad


@pytest.mark.compute
def test_tied_weights_stay_tied_and_are_stored_once(folder):
    encoder, decoder = torch.nn.Linear(6, 6, bias=False), torch.nn.Linear(6, 6, bias=False)
    decoder.weight = encoder.weight
    loaded = round_trip(folder, encoder=encoder, decoder=decoder)
    assert stored(folder) == 36
    assert loaded.encoder.weight is loaded.decoder.weight


@pytest.mark.compute
def test_two_tensors_of_the_same_memory_are_stored_once(folder):
    weight = torch.rand(6, 6)
    loaded = round_trip(folder, encoder=weight, decoder=weight.detach(), turned=weight.T)
    assert stored(folder) == 36 + 36  # turned is another form of it
    assert torch.equal(loaded.encoder, weight)
    assert torch.equal(loaded.decoder, weight)
    assert torch.equal(loaded.turned, weight.T)


@pytest.mark.parametrize(
    "dtype", [np.float32, np.complex64, [("x", "f8"), ("y", "i4")]], ids=["float", "complex", "record"]
)
def test_an_array_in_two_places_stays_one_array_and_is_stored_once(folder, dtype):
    array = np.zeros(1000, dtype)
    loaded = round_trip(folder, first=array, second=[array])
    assert loaded.first is loaded.second[0]
    assert stored(folder) == 1000 * (1 if dtype is np.float32 else 2)


class Symmetric:
    """Made a module in the test, because torch is imported only when it is used."""

    def forward(self, weight):
        return weight.triu() + weight.triu(1).T


@pytest.mark.compute
def test_layers_with_parametrised_weights_are_restored(folder):
    from torch.nn.utils import parametrize
    from torch.nn.utils.parametrizations import orthogonal, spectral_norm, weight_norm

    class Parametrisation(Symmetric, torch.nn.Module):
        pass

    layers = [
        weight_norm(torch.nn.Linear(4, 4)),
        spectral_norm(torch.nn.Linear(4, 4)),
        orthogonal(torch.nn.Linear(4, 4)),
    ]
    twice = parametrize.register_parametrization(torch.nn.Linear(4, 4), "weight", Parametrisation())
    parametrize.register_parametrization(twice, "bias", torch.nn.Tanh())
    net = torch.nn.Sequential(*layers, twice).eval()
    loaded = round_trip(folder, net=net, last=twice)
    inputs = torch.rand(5, 4)
    assert torch.equal(loaded.net(inputs), net(inputs))
    assert loaded.last is loaded.net[3]
    assert isinstance(loaded.last, torch.nn.Linear)
    assert set(loaded.net.state_dict()) == set(net.state_dict())
    assert stored(folder) == sum(tensor.numel() for tensor in net.state_dict().values())
    loaded.net(inputs).sum().backward()
    assert loaded.last.parametrizations.weight.original.grad is not None
    for layer in loaded.net:
        parametrize.remove_parametrizations(layer, "weight")
    assert torch.allclose(loaded.net(inputs), net(inputs))


@pytest.mark.compute
def test_a_class_that_is_both_model_and_torch_module_is_restored(folder):
    class ModelAndModule(harness.Model, torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = torch.nn.Linear(3, 2)
            self.norm = torch.nn.BatchNorm1d(2)

        def forward(self, inputs):
            return self.norm(self.layer(inputs))

    model = ModelAndModule()
    with torch.no_grad():
        model.layer.weight.fill_(2)
        model.norm.running_mean.fill_(3)
    model.eval()
    loaded = round_trip(folder, model)
    inputs = torch.rand(4, 3)
    assert torch.equal(loaded(inputs), model(inputs))
    assert len(list(loaded.parameters())) == len(list(model.parameters()))
    assert not loaded.training


@pytest.mark.compute
def test_a_list_of_parameters_refers_to_the_loaded_network(folder):
    net = torch.nn.Linear(3, 1)
    loaded = round_trip(folder, parameters=list(net.parameters()), net=net)
    assert loaded.parameters[0] is loaded.net.weight
    assert stored(folder) == 4


@pytest.mark.compute
@pytest.mark.parametrize(
    "make",
    [
        lambda: torch.arange(6, dtype=torch.bfloat16).reshape(2, 3),
        lambda: torch.tensor(3.5, dtype=torch.bfloat16),
        lambda: torch.arange(6, dtype=torch.float16),
        lambda: torch.tensor(7),
        lambda: torch.empty(0, 3),
        lambda: torch.tensor([True, False]),
        lambda: torch.arange(6.0).reshape(2, 3).t(),
        lambda: torch.arange(10.0)[::2],
        lambda: torch.arange(3.0).expand(4, 3),
        lambda: torch.tensor([1 + 2j, 3 - 1j]),
        lambda: torch.eye(3).to_sparse(),
        lambda: torch.ones(3, requires_grad=True),
    ],
    ids=[
        "bfloat16",
        "one",
        "float16",
        "number",
        "empty",
        "truths",
        "turned",
        "cut",
        "expanded",
        "complex",
        "sparse",
        "grad",
    ],
)
def test_every_kind_of_tensor_is_restored(folder, make):
    tensor = make()
    loaded = round_trip(folder, tensor=tensor).tensor
    assert (loaded.dtype, loaded.shape, loaded.layout) == (tensor.dtype, tensor.shape, tensor.layout)
    assert loaded.requires_grad == tensor.requires_grad
    assert torch.equal(loaded.to_dense(), tensor.to_dense())


@pytest.mark.parametrize(
    "array",
    [
        np.array(2.5),
        np.array(1 + 2j),
        np.empty(0),
        np.empty((0, 3), np.int16),
        np.array([True, False]),
        np.arange(6, dtype=np.float16),
        np.arange(6, dtype=">f8"),
        np.arange(6.0).reshape(2, 3, order="F"),
        np.arange(10)[::-2],
        np.broadcast_to(np.arange(3), (4, 3)),
        np.array([1 + 2j, 3 - 1j], np.complex64),
        np.arange(3, dtype=np.longdouble),
        np.array([(1, 2.5), (3, 4.5)], [("count", "i4"), ("share", "f8")]),
        np.array([([1, 2],), ([3, 4],)], [("pair", "i8", (2,))]),
        np.array([((1, 2.0),)], [("inner", [("a", "u1"), ("b", "f4")])]),
        np.array(["one", "two"]),
        np.array(["2024-01-01"], "datetime64[D]"),
        np.ma.masked_array([1.0, 2.0], [True, False]),
    ],
    ids=lambda a: f"{a.dtype} {a.shape}",
)
def test_every_kind_of_array_is_restored(folder, array):
    loaded = round_trip(folder, array=array).array
    assert type(loaded) is type(array)
    assert (loaded.shape, loaded.dtype.newbyteorder("=")) == (array.shape, array.dtype.newbyteorder("="))
    np.testing.assert_array_equal(loaded, array)


def test_an_array_of_objects_is_restored_with_the_arrays_in_it(folder):
    array = np.array([None, "text", np.arange(500.0)], object)
    loaded = round_trip(folder, array=array).array
    assert loaded[0] is None
    assert loaded[1] == "text"
    assert loaded[2].sum() == np.arange(500.0).sum()
    assert stored(folder) == 500


def estimator_called(name):
    """Make one of scikit-learn's, which is imported where it is used: whoever collects tests does not wait for it."""
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.neighbors import KNeighborsClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return {
        "forest": RandomForestClassifier(20, random_state=0),
        "kd-tree": KNeighborsClassifier(algorithm="kd_tree"),
        "neighbours": KNeighborsClassifier(algorithm="brute"),
        "pipeline": make_pipeline(StandardScaler(), LogisticRegression()),
    }[name]


@pytest.mark.compute
@pytest.mark.parametrize("name", ["forest", "kd-tree", "neighbours", "pipeline"])
def test_a_fitted_estimator_predicts_the_same_after_loading(folder, name):
    estimator = estimator_called(name)
    estimator.fit(POINTS, LABELS)
    loaded = round_trip(folder, estimator=estimator).estimator
    np.testing.assert_array_equal(loaded.predict_proba(POINTS), estimator.predict_proba(POINTS))


@pytest.mark.compute
@pytest.mark.parametrize("name", ["forest", "kd-tree"])
def test_numbers_of_an_estimator_are_counted_and_not_in_its_structure(folder, name):
    estimator = estimator_called(name)
    round_trip(folder, estimator=estimator.fit(POINTS, LABELS))
    plain = len(pickle.dumps(estimator))
    assert stored(folder) >= POINTS.size
    assert structure_bytes(folder) < plain / 2


@pytest.mark.compute
def test_numbers_are_in_the_safetensors_and_not_in_the_structure(folder):
    marker = np.frombuffer(random.Random(0).randbytes(4096), np.float64)
    round_trip(
        folder,
        array=marker,
        nested={"deep": [(marker[:100].copy(),)]},
        tensor=torch.from_numpy(marker.copy()),
        buffer=torch.nn.Linear(30, 30),
        function=lambda: marker,
    )
    structure = (folder / "structure.pkl").read_bytes()
    assert not any(marker[start : start + 4].tobytes() in structure for start in range(0, len(marker), 4))
    assert stored(folder) == 512 + 100 + 512 + 930
    assert not zipfile.is_zipfile(folder / "structure.pkl")  # torch would write its storages as one


def test_functions_and_closures_are_restored(folder):
    scale = np.full(3, 2.0)
    loaded = round_trip(folder, scale=scale, double=lambda x: x * scale)
    assert loaded.double(np.ones(3)).tolist() == [2, 2, 2]


def test_what_cannot_be_saved_is_named_with_a_remedy(folder):
    model = Model(weights=np.ones(3), file=(folder / "notes").open("w"))
    with model.file, pytest.raises(TypeError, match=r"self\.file cannot be saved .*delete it at the end of fit"):
        model.save(folder)


@pytest.mark.compute
def test_the_loaded_arrays_can_be_trained_on(folder):
    loaded = round_trip(folder, array=np.zeros(3), tensor=torch.zeros(3))
    loaded.array += 1
    loaded.tensor += 1
    assert loaded.array.tolist() == loaded.tensor.tolist() == [1, 1, 1]


def test_a_model_without_attributes_can_be_saved(folder):
    assert vars(round_trip(folder)) == {}


def test_outside_a_worker_a_model_can_be_created_and_log_does_nothing():
    assert Model().seed == 0
    Model().log(epoch=1, loss=0.5)


@pytest.mark.compute
def test_what_a_model_logs_is_reported_as_floats():
    heard = []

    class Listened(Model):
        _reporter = type("Reporter", (), {"report": staticmethod(heard.append)})

    Listened().log(epoch=1, loss=torch.tensor(0.5))
    assert heard == [{"epoch": 1.0, "loss": 0.5}]


@pytest.mark.parametrize("call", [lambda m: m.fit(None, None), lambda m: m.predict(None)])
def test_methods_that_a_student_must_write_raise_an_error_that_says_so(call):
    with pytest.raises(NotImplementedError, match="write Model"):
        call(Model())


class Pointed(Model):
    def hook(self, module, inputs, output):
        return output * self.factor

    def double(self, inputs):
        return inputs * self.factor


@pytest.mark.compute
def test_a_reference_to_the_model_refers_to_the_loaded_model(folder):
    model = Pointed(factor=2.0)
    model.net = torch.nn.Linear(3, 3)
    model.call, model.nested, model.self_ = model.double, {"model": [model]}, model
    model.net.register_forward_hook(model.hook)
    loaded = round_trip(folder, model)
    assert loaded.call.__self__ is loaded
    assert loaded.nested["model"][0] is loaded.self_ is loaded
    loaded.factor = 3.0
    assert loaded.call(2.0) == 6.0
    one = torch.ones(3)
    assert torch.equal(loaded.net(one), torch.nn.functional.linear(one, loaded.net.weight, loaded.net.bias) * 3.0)


def test_an_object_that_two_attributes_share_stays_shared(folder):
    shared = {"words": ["a", "b"]}
    loaded = round_trip(folder, first=shared, second=[shared])
    assert loaded.first is loaded.second[0]


def quantised(dtype):
    net = torch.nn.Sequential(torch.nn.Linear(6, 5), torch.nn.ReLU(), torch.nn.Linear(5, 2)).eval()
    return torch.ao.quantization.quantize_dynamic(net, {torch.nn.Linear}, dtype=dtype)


TENSORS = {
    "per tensor": lambda: torch.quantize_per_tensor(torch.randn(30, 7), 0.1, 3, torch.quint8),
    "per channel": lambda: torch.quantize_per_channel(
        torch.randn(30, 7), torch.full((30,), 0.1), torch.zeros(30), 0, torch.qint8
    ),
    "32 bits": lambda: torch.quantize_per_tensor(torch.randn(30, 7), 0.1, 0, torch.qint32),
    "complex": lambda: torch.randn(30, 7, dtype=torch.complex64),
    "sparse": lambda: torch.eye(210).to_sparse(),
    "float8": lambda: torch.randn(30, 7).to(torch.float8_e4m3fn),
}


@pytest.mark.compute
@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::DeprecationWarning")
@pytest.mark.parametrize("make", TENSORS.values(), ids=TENSORS.keys())
def test_unusual_tensors_are_counted_number_by_number_and_restored(folder, make):
    tensor = make()
    loaded = round_trip(folder, tensor=tensor).tensor
    assert loaded.dtype == tensor.dtype
    assert torch.equal(plainly(loaded), plainly(tensor))
    assert stored(folder) >= 210
    assert structure_bytes(folder) < 1_000


def plainly(tensor):
    tensor = tensor.dequantize() if tensor.is_quantized else tensor
    return tensor.to_dense() if tensor.is_sparse else tensor.to(torch.complex64)


@pytest.mark.compute
@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::DeprecationWarning")
@pytest.mark.parametrize("dtype", ["qint8", "float16"])
def test_a_quantised_network_has_as_many_parameters_as_it_had(folder, dtype):
    net = quantised(getattr(torch, dtype))
    loaded = round_trip(folder, net=net).net
    inputs = torch.randn(4, 6)
    assert torch.equal(loaded(inputs), net(inputs))
    assert 47 <= stored(folder) < 60  # scales and zero points besides


@pytest.mark.parametrize("cls", [np.matrix, np.recarray, np.memmap])
@pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")
def test_subclasses_of_arrays_are_counted(folder, cls, tmp_path):
    plain = np.zeros((20, 3), [("a", "f4"), ("b", "i8")]) if cls is np.recarray else np.arange(60.0).reshape(20, 3)
    array = plain.view(cls)
    if cls is np.memmap:
        array = np.memmap(tmp_path / "mapped", "f8", "w+", shape=(20, 3))
        array[:] = plain
    loaded = round_trip(folder, array=array).array
    assert isinstance(loaded, np.ndarray if cls is np.memmap else cls)
    assert (np.asarray(loaded) == plain).all()
    assert stored(folder) >= 60


class Unloadable:
    def __reduce__(self):
        return int, ("no number",)


def test_what_was_saved_and_cannot_be_loaded_is_named(folder):
    Model(weights=np.ones(3), bar=Unloadable()).save(folder)
    with pytest.raises(TypeError, match=r"self\.bar was saved but cannot be loaded \(ValueError.*delete it at the end"):
        Model().load(folder)
