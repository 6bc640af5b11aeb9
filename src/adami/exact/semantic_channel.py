"""Truth functions beside a Shannon channel: what statements say, and how much of it is information."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from adami.exact._arrays import Array, as_numpy, first_index, floats, in_base, xlogy
from adami.exact._truth_tables import checked_truth, expected_information, label_means
from adami.exact.informations import mutual_information
from adami.exact.kernels import bayes_invert, joint, push
from adami.exact.pmf import as_kernel, as_pmf

if TYPE_CHECKING:
    from adami.exact.rate_verisimilitude import RatePoint


class SemanticChannel:
    """A set of truth functions over instances with a prior.

    Label `y` says something about instance `x`; ``truth[x, y]`` is how true it is. A label's logical
    probability is its mean truth under the prior; logical probabilities need not sum to one over labels,
    because several labels may be true at once. A label that turns out true tells
    ``log(truth[x, y] / logical_probability[y])``, so a label that is seldom true tells more, and a label that
    is false tells less than nothing.

    Parameters
    ----------
    truth : array or tensor, shape (n_instances, n_labels)
        Truth values in [0, 1]; each label reaches 1 somewhere.
    prior : array or tensor, shape (n_instances,)
        Law of the instances, before a label is heard.
    rescale : bool
        Divide each label's truth by its largest value instead of refusing labels that never reach 1.

    Attributes
    ----------
    truth, prior
        As checked.
    logical_probability : array or tensor, shape (n_labels,)
        Mean truth of each label under the prior.

    Raises
    ------
    ValueError
        If truth values leave [0, 1] or a label never reaches 1, if the prior is no law or of another
        length, or if a label has logical probability 0 (true only where the prior has no mass).

    References
    ----------
    Lu, "A Semantic Generalization of Shannon's Information Theory and Applications", 2025; paper 44 of
    adami's register.

    Examples
    --------
    Two forecasts, of rain (instance 0) and of a dry day, each half true when it is wrong.

    >>> from adami.exact import SemanticChannel
    >>> heard = SemanticChannel([[1.0, 0.5], [0.5, 1.0]], prior=[0.2, 0.8])
    >>> heard.logical_probability
    array([0.6, 0.9])
    >>> heard.semantic_information(base=2).round(3)
    array([[ 0.737, -0.848],
           [-0.263,  0.152]])
    """

    __slots__ = ("_prior", "_truth", "logical_probability")

    def __init__(self, truth: Any, prior: Any, *, rescale: bool = False) -> None:
        values, law, logical = checked_truth(truth, prior, rescale=rescale)
        self._truth, self._prior = values, law
        self.logical_probability = logical

    @property
    def _xp(self) -> Any:
        # looked up each time: a module kept on the object could not be pickled
        return floats(self._truth)[0]

    @property
    def truth(self) -> Array:
        """Truth values, shape ``(n_instances, n_labels)``."""
        return self._truth

    @property
    def prior(self) -> Array:
        """Law of the instances, shape ``(n_instances,)``."""
        return self._prior

    def __repr__(self) -> str:
        rows, columns = self._truth.shape
        return f"SemanticChannel({rows} instances, {columns} labels)"

    @classmethod
    def from_channel(cls, channel: Any, prior: Any) -> SemanticChannel:
        """Return the truth functions that match a channel, ``P(y|x) / max_x P(y|x)``.

        Parameters
        ----------
        channel : array or tensor, shape (n_instances, n_labels)
            ``channel[x, y] = P(y | x)``. The match does not depend on the prior.
        prior : array or tensor, shape (n_instances,)

        Returns
        -------
        SemanticChannel
            Its `semantic_mi` on this channel is the channel's mutual information.

        Raises
        ------
        ValueError
            If a label is never used.

        Examples
        --------
        >>> from adami.exact import SemanticChannel
        >>> SemanticChannel.from_channel([[0.75, 0.25], [0.0, 1.0]], [0.5, 0.5]).truth
        array([[1.  , 0.25],
               [0.  , 1.  ]])
        """
        xp, kernel, law = floats(channel, prior, name="channel and prior")
        kernel = as_kernel(kernel, name="channel")
        top = xp.max(kernel, axis=0)
        if bool(xp.any(top <= 0)):
            at = first_index(xp, top <= 0)[0]
            raise ValueError(f"label {at} is never used by the channel: leave its column out")
        return cls(kernel / top[None, :], law)

    @classmethod
    def from_posterior(cls, posterior: Any, prior: Any) -> SemanticChannel:
        """Return the truth functions whose predictions are given laws.

        Parameters
        ----------
        posterior : array or tensor, shape (n_labels, n_instances)
            ``posterior[y, x] = P(x | label y)``.
        prior : array or tensor, shape (n_instances,)

        Returns
        -------
        SemanticChannel
            With ``truth[x, y]`` the ratio ``P(x | y) / P(x)`` over its maximum, and 0 where `prior` is 0.

        Raises
        ------
        ValueError
            If a prediction has mass where the prior has none.

        Examples
        --------
        >>> from adami.exact import SemanticChannel
        >>> SemanticChannel.from_posterior([[0.5, 0.5]], [0.2, 0.8]).truth
        array([[1.  ],
               [0.25]])
        """
        xp, laws, law = floats(posterior, prior, name="posterior and prior")
        laws, law = as_kernel(laws, name="posterior"), as_pmf(law, name="prior")
        if law.ndim != 1 or laws.shape[1] != law.shape[0]:
            raise ValueError(f"posterior covers {laws.shape[1]} instances, but prior {tuple(law.shape)}")
        stray = (laws > 0) & (law <= 0)[None, :]
        if bool(xp.any(stray)):
            label, instance = first_index(xp, stray)
            raise ValueError(f"label {label} predicts instance {instance}, to which the prior gives no mass")
        ratio = xp.permute_dims(laws / xp.where(law > 0, law, xp.ones_like(law))[None, :], (1, 0))
        return cls(ratio / xp.max(ratio, axis=0)[None, :], law)

    @classmethod
    def from_distortion(cls, distortion: Any, prior: Any) -> SemanticChannel:
        """Return the truth functions ``exp(-distortion)``, so that fuzziness in nats is mean distortion.

        Parameters
        ----------
        distortion : array or tensor, shape (n_instances, n_labels)
            Not negative; 0 for some instance of each label; infinite for what a label rules out.
        prior : array or tensor, shape (n_instances,)

        Returns
        -------
        SemanticChannel

        Examples
        --------
        >>> from adami.exact import SemanticChannel
        >>> SemanticChannel.from_distortion([[0.0, 1.0], [1.0, 0.0]], [0.5, 0.5]).truth.round(4)
        array([[1.    , 0.3679],
               [0.3679, 1.    ]])
        """
        xp, costs, law = floats(distortion, prior, name="distortion and prior")
        if not bool(xp.all(costs >= 0)):
            at = first_index(xp, ~(costs >= 0))
            raise ValueError(f"distortion[{at[0]}, {at[-1]}] is {float(costs[at]):.6g}: it is 0 or more")
        return cls(xp.exp(-costs), law)

    def with_prior(self, prior: Any) -> SemanticChannel:
        """Return the same truth functions under another prior.

        Parameters
        ----------
        prior : array or tensor, shape (n_instances,)

        Returns
        -------
        SemanticChannel
        """
        return SemanticChannel(self._truth, prior)

    def semantic_bayes(self) -> Array:
        """Return what each label predicts, ``P(x) truth[x, y] / logical_probability[y]``.

        Returns
        -------
        array or tensor, shape (n_labels, n_instances)

        Examples
        --------
        >>> from adami.exact import SemanticChannel
        >>> SemanticChannel([[1.0], [0.25]], [0.2, 0.8]).semantic_bayes()
        array([[0.5, 0.5]])
        """
        cells = self._prior[:, None] * self._truth / self.logical_probability[None, :]
        return self._xp.permute_dims(cells, (1, 0))

    def semantic_information(self, *, base: float | None = None) -> Array:
        """Return what label `y` tells when the instance is `x`: negative for wrong statements.

        Parameters
        ----------
        base : float, optional
            Base of the logarithm; nats by default, 2 for bits.

        Returns
        -------
        array or tensor, shape (n_instances, n_labels)
            -inf where a label is quite false.
        """
        xp = self._xp
        inside = self._truth > 0
        logs = xp.log(xp.where(inside, self._truth, xp.ones_like(self._truth)))
        values = logs - xp.log(self.logical_probability)[None, :]
        return in_base(xp.where(inside, values, xp.zeros_like(values) - xp.inf), base)

    def label_information(self, channel: Any, *, base: float | None = None) -> Array:
        """Return what each label tells on average when a channel chooses it.

        Parameters
        ----------
        channel : array or tensor, shape (n_instances, n_labels)
            ``P(y | x)``.
        base : float, optional

        Returns
        -------
        array or tensor, shape (n_labels,)
            ``KL(P(x|y) || P(x)) - KL(P(x|y) || P(x|theta_y))``; of a label that is never chosen, its mean
            information under the prior.
        """
        law = bayes_invert(self._prior, self._like(channel))
        values = self.semantic_information(base=base)
        return label_means(law, values)

    def semantic_mi(self, channel: Any, *, base: float | None = None) -> Array:
        """Return the semantic mutual information of the labels that a channel chooses.

        Parameters
        ----------
        channel : array or tensor, shape (n_instances, n_labels)
            ``P(y | x)``.
        base : float, optional

        Returns
        -------
        array or tensor
            At most the channel's mutual information, with equality just when the truth functions match it;
            -inf if a label is chosen where it is quite false.

        Examples
        --------
        >>> from adami.exact import SemanticChannel
        >>> noisy = [[0.9, 0.1], [0.2, 0.8]]
        >>> matched = SemanticChannel.from_channel(noisy, [0.5, 0.5])
        >>> matched.semantic_mi(noisy, base=2).round(6), matched.shannon_mi(noisy, base=2).round(6)
        (np.float64(0.397313), np.float64(0.397313))
        """
        return self.semantic_entropy(channel, base=base) - self.fuzziness(channel, base=base)

    def shannon_mi(self, channel: Any, *, base: float | None = None) -> Array:
        """Return the mutual information of the instances and the labels that a channel chooses."""
        return mutual_information(joint(self._prior, self._like(channel)), base=base)

    def semantic_entropy(self, channel: Any, *, base: float | None = None) -> Array:
        """Return ``-sum_y P(y) log logical_probability[y]``, what the labels could tell if always true."""
        xp, used = self._xp, push(self._prior, self._like(channel))
        return in_base(0.0 - xp.sum(used * xp.log(self.logical_probability)), base)

    def fuzziness(self, channel: Any, *, base: float | None = None) -> Array:
        """Return ``-sum P(x, y) log truth[x, y]``, what is lost because labels are not quite true.

        In nats it is the mean distortion of a channel made by `from_distortion`; it is infinite if a label is
        chosen where it is quite false.
        """
        xp, cells = self._xp, joint(self._prior, self._like(channel))
        possible = self._truth > 0
        value = 0.0 - xp.sum(xlogy(xp, cells, xp.where(possible, self._truth, xp.ones_like(cells))))
        broken = bool(xp.any((cells > 0) & ~possible))
        return value + xp.inf if broken else in_base(value, base)

    def predict(self, evidence: Any = None) -> np.ndarray:
        """Return the label that tells most, ties going to the lowest index.

        For another prior, ask ``channel.with_prior(prior).predict()``: rarer labels become more informative.

        Parameters
        ----------
        evidence : array or tensor, shape (n_samples, n_instances), optional
            What is known about the instance, ``P(x | z)``, in each row; by default each instance in turn is
            known.

        Returns
        -------
        numpy.ndarray of int
            One label a row (or an instance).

        Examples
        --------
        Everybody over 18 is an adult and everybody over 60 is old as well; the rarer label says more.

        >>> from adami.exact import SemanticChannel
        >>> ages = SemanticChannel([[0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [1.0, 1.0, 0.0]], [0.2, 0.6, 0.2])
        >>> ages.predict().tolist()
        [2, 0, 1]
        """
        values = self.semantic_information()
        if evidence is not None:
            _, law, values = floats(evidence, values, name="evidence and truth")
            law = as_kernel(law, name="evidence")
            if law.shape[1] != values.shape[0]:
                raise ValueError(
                    f"evidence covers {law.shape[1]} instances, but truth {int(values.shape[0])}"
                )
            values = expected_information(law, values)
        return np.asarray(np.argmax(as_numpy(values), axis=1))

    def rate(self, verisimilitude: float, *, base: float | None = None) -> RatePoint:
        """Return the least mutual information with which labels tell `verisimilitude`.

        Parameters
        ----------
        verisimilitude : float
            Semantic mutual information to reach, in the unit of `base`.
        base : float, optional

        Returns
        -------
        RatePoint

        See Also
        --------
        rate_at_verisimilitude : the same, with its options.
        """
        from adami.exact.rate_verisimilitude import rate_at_verisimilitude

        return rate_at_verisimilitude(self, verisimilitude, base=base)

    def curve(self, slopes: Any, *, base: float | None = None) -> tuple[RatePoint, ...]:
        """Return points of the rate-verisimilitude function, one for each slope.

        Parameters
        ----------
        slopes : sequence of float
            Slopes ``dR/dG``, 0 or more.
        base : float, optional

        Returns
        -------
        tuple of RatePoint
        """
        from adami.exact.rate_verisimilitude import rate_at_slope

        return tuple(rate_at_slope(self, float(s), base=base) for s in slopes)

    def _like(self, channel: Any) -> Array:
        _, kernel, truth = floats(channel, self._truth, name="channel and truth")
        kernel = as_kernel(kernel, name="channel")
        if tuple(kernel.shape) != tuple(truth.shape):
            raise ValueError(
                f"channel has shape {tuple(kernel.shape)}, but truth {tuple(truth.shape)}: both are "
                "(n_instances, n_labels)"
            )
        return kernel
