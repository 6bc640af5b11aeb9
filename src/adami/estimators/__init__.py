"""Information from samples: one estimator a file."""

from adami._lazy import attach

__all__, __getattr__, __dir__ = attach(
    __name__,
    {
        "Auto": "auto",
        "ChaoShen": "chao_shen",
        "Estimator": "_base",
        "FrenzelPompe": "frenzel_pompe",
        "Gaussian": "gaussian",
        "GaussianCopula": "gaussian_copula",
        "Grassberger": "grassberger",
        "Jackknife": "jackknife",
        "KSG": "ksg",
        "KozachenkoLeonenko": "kozachenko_leonenko",
        "LNC": "lnc",
        "MesnerShalizi": "mesner_shalizi",
        "MillerMadow": "miller_madow",
        "MixedKSG": "mixed_ksg",
        "NSB": "nsb",
        "Plugin": "plugin",
        "Ross": "ross",
        "Shrinkage": "shrinkage",
        "StudentCopula": "student_copula",
        "cca_spectrum": "gaussian",
        "get": "registry",
        "knn_divergence": "kozachenko_leonenko",
        "names": "registry",
    },
)
