"""scikit-learn's own checks, agreement with its scores, and the selector in its pipelines."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
import sklearn.feature_selection as theirs
from sklearn.compose import ColumnTransformer
from sklearn.datasets import load_breast_cancer, load_diabetes
from sklearn.feature_selection import SelectKBest
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from adami.sklearn import InformationSelector, mutual_info_classif, mutual_info_regression


@pytest.mark.filterwarnings("ignore:No features were selected:UserWarning")
@parametrize_with_checks(
    [
        InformationSelector(n_permutations=20),
        InformationSelector("cmim", n_permutations=20),
        InformationSelector("mim", n_features_to_select=1),
    ]
)
def test_scikit_learn_accepts_the_selector(estimator, check):
    check(estimator)


@pytest.mark.parametrize("k", [1, 3, 10])
def test_classif_scores_are_theirs(k):
    X, y = load_breast_cancer(return_X_y=True)
    ours, other = (
        f(X, y, n_neighbors=k, random_state=0) for f in (mutual_info_classif, theirs.mutual_info_classif)
    )
    assert ours == pytest.approx(other, abs=1e-9)


# small classes of tied numbers: their radius comes from squared sums, ours from differences
@pytest.mark.parametrize(("discrete", "within"), [("auto", 1e-9), ([1], 1e-9), (True, 0.01)])
def test_regression_scores_are_theirs(discrete, within):
    X, y = load_diabetes(return_X_y=True)
    X, y = X[:200, :5].round(3), y[:200]
    ours, other = (
        f(X, y, discrete_features=discrete, random_state=0)
        for f in (mutual_info_regression, theirs.mutual_info_regression)
    )
    assert ours == pytest.approx(other, abs=within)


def test_sparse_scores_are_theirs():
    rng = np.random.default_rng(0)
    X = sp.csr_matrix(rng.integers(0, 3, (150, 4)) * (rng.random((150, 4)) < 0.5))
    y = rng.integers(0, 2, 150)
    assert mutual_info_classif(X, y) == pytest.approx(theirs.mutual_info_classif(X, y), abs=1e-9)
    ours, other = (
        f(X, y + 0.0, random_state=1) for f in (mutual_info_regression, theirs.mutual_info_regression)
    )
    assert ours == pytest.approx(other, abs=1e-9)
    with pytest.raises(ValueError, match="sparse X holds discrete features only"):
        mutual_info_classif(X, y, discrete_features=False)


def test_string_labels_and_mask_and_workers():
    rng = np.random.default_rng(1)
    X = np.column_stack([rng.normal(size=200), rng.integers(0, 3, 200)])
    y = np.where(X[:, 0] > 0, "up", "down")
    one = mutual_info_classif(X, y, discrete_features=np.array([False, True]), random_state=0)
    two = mutual_info_classif(X, y, discrete_features=np.array([False, True]), random_state=0, n_jobs=2)
    assert np.array_equal(one, two)
    assert one == pytest.approx(
        theirs.mutual_info_classif(X, y, discrete_features=np.array([False, True]), random_state=0), abs=1e-9
    )


def test_a_copy_of_the_target_stays_finite():
    x = np.random.default_rng(2).normal(size=(300, 1))
    assert mutual_info_regression(x, x[:, 0], random_state=0) == pytest.approx(
        theirs.mutual_info_regression(x, x[:, 0], random_state=0), abs=1e-9
    )


def test_bad_scores_are_refused():
    X, y = np.random.default_rng(3).normal(size=(50, 2)), np.arange(50.0)
    with pytest.raises(ValueError, match="n_neighbors=0"):
        mutual_info_regression(X, y, n_neighbors=0)
    with pytest.raises(ValueError, match="the only name is 'auto'"):
        mutual_info_regression(X, y, discrete_features="some")
    with pytest.raises(ValueError, match="3 entries for 2 features"):
        mutual_info_regression(X, y, discrete_features=np.array([True, False, True]))
    with pytest.raises(ValueError, match="Unknown label type"):
        mutual_info_classif(X, y + 0.5)


def _redundant(n: int = 600) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(4)
    X = rng.normal(size=(n, 6))
    X[:, 3] = X[:, 0] + 0.05 * rng.normal(size=n)
    return X, X[:, 0] + 0.7 * X[:, 2] + 0.3 * rng.normal(size=n) > 0


@pytest.mark.parametrize("criterion", ["mrmr", "jmi", "cmim"])
def test_redundant_features_come_later(criterion):
    X, y = _redundant()
    found = InformationSelector(criterion, n_features_to_select=2, random_state=0).fit(X, y)
    assert set(found.selected_) & {0, 3}
    assert 2 in found.selected_
    assert found.get_support().sum() == 2
    assert found.transform(X).shape == (600, 2)
    assert found.discrete_target_


def test_relevance_alone_takes_both_copies():
    X, y = _redundant()
    assert set(InformationSelector("mim", n_features_to_select=2, random_state=0).fit(X, y).selected_) == {
        0,
        3,
    }


def test_stop_by_permutation():
    X, y = _redundant()
    found = InformationSelector("cmim", random_state=0).fit(X, y)
    assert len(found.selected_) == 2
    assert 2 in found.selected_
    assert (found.p_values_ <= 0.05).all()
    with pytest.warns(UserWarning, match="No features were selected"):
        nothing = InformationSelector(random_state=0).fit(X[:, [1, 4, 5]], y).transform(X[:, [1, 4, 5]])
    assert nothing.shape == (600, 0)


@pytest.mark.parametrize("criterion", ["mim", "mrmr", "jmi", "cmim"])
def test_numeric_targets_and_discrete_features(criterion):
    rng = np.random.default_rng(5)
    X = np.column_stack([rng.normal(size=400), rng.integers(0, 3, 400), rng.normal(size=400)])
    y = X[:, 0] + X[:, 1] + 0.2 * rng.normal(size=400)
    found = InformationSelector(criterion, random_state=0).fit(X, y)
    assert set(found.selected_) == {0, 1}
    assert found.discrete_features_.tolist() == [False, True, False]
    assert not found.discrete_target_


def test_same_seed_same_answer_for_any_number_of_workers():
    X, y = _redundant(200)
    one, two = (InformationSelector("jmi", random_state=0, n_jobs=jobs).fit(X, y) for jobs in (1, 2))
    assert one.selected_.tolist() == two.selected_.tolist()
    assert np.array_equal(one.scores_, two.scores_)


def test_copies_and_constants_do_no_harm():
    rng = np.random.default_rng(6)
    x = rng.normal(size=200)
    X = np.column_stack([x, x, np.ones(200), 2 * x])
    for criterion in ("mim", "mrmr", "jmi", "cmim"):
        found = InformationSelector(criterion, n_features_to_select=2, random_state=0).fit(X, x > 0)
        assert found.selected_[0] != 2
        assert np.isfinite(found.scores_).all()
        assert InformationSelector(criterion, random_state=0).fit(X, x).selected_[0] != 2


def test_pipelines_frames_and_searches():
    X, y = _redundant(300)
    frame = pd.DataFrame(X, columns=list("abcdef"))
    pipe = make_pipeline(
        StandardScaler(), InformationSelector(n_features_to_select=2, random_state=0), LogisticRegression()
    )
    assert pipe.fit(frame, y).score(frame, y) > 0.85
    selector = InformationSelector(n_features_to_select=0.5, random_state=0).set_output(transform="pandas")
    out = selector.fit_transform(frame, y)
    assert list(out.columns) == selector.get_feature_names_out().tolist()
    assert out.shape == (300, 3)
    both = ColumnTransformer(
        [("few", InformationSelector(n_features_to_select=1), ["a", "b"])], remainder="passthrough"
    )
    assert both.set_output(transform="pandas").fit_transform(frame, y).columns[0] == "few__a"
    search = GridSearchCV(pipe, {"informationselector__criterion": ["mim", "cmim"]}, cv=2).fit(frame, y)
    assert search.best_params_["informationselector__criterion"] in {"mim", "cmim"}
    assert SelectKBest(mutual_info_classif, k=2).fit(X, y).get_support()[[0, 3]].all()


def test_bad_parameters_are_refused():
    X, y = _redundant(60)
    for parameters, message in (
        ({"criterion": "best"}, "unknown criterion 'best'"),
        ({"n_features_to_select": 7}, "X has 6 feature"),
        ({"n_features_to_select": 0.0}, "a share lies in"),
        ({"n_features_to_select": "two"}, "give a number, a share or None"),
        ({"n_permutations": 5}, "at least 20 shuffled columns"),
        ({"n_neighbors": 0}, "n_neighbors=0"),
        ({"alpha": 2.0}, "alpha=2.0"),
    ):
        with pytest.raises(ValueError, match=message):
            InformationSelector(**parameters).fit(X, y)


def test_a_missing_scikit_learn_is_named():
    code = "import sys; sys.modules['sklearn'] = None; import adami.sklearn"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False).stderr
    assert (
        said.splitlines()[-1] == "ImportError: adami.sklearn needs scikit-learn: pip install 'adami[sklearn]'"
    )
