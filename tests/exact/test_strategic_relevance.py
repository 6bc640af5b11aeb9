"""Strategic classes against listing every policy, on games with known classes and on random ones."""

from __future__ import annotations

from collections import Counter
from itertools import product

import numpy as np
import pytest

from adami.exact import (
    CommonPayoffGame,
    corridor_game,
    entropy,
    irrelevant_bits,
    max_regret,
    mixed_classes,
    referential_game,
    regret_matrix,
    relevant_bits,
    strategic_classes,
    two_step_game,
)
from adami.exact._game_layers import reachable_layers

FIGURE_2 = [[1, 0, 1], [0, 1, 0]]


def random_game(seed, states=3, horizon=3, actions=(2, 2), sparse=False, **options):
    rng = np.random.default_rng(seed)
    if sparse:
        P = np.eye(states)[rng.integers(states, size=(states, *actions))]
    else:
        P = rng.dirichlet(np.ones(states), size=(states, *actions))
    R = rng.integers(0, 3, size=(states, *actions)).astype(float)
    return CommonPayoffGame(P, R, horizon, **options)


def listed(game, mode="subgame", valued=True):
    """Group every Markov policy of player 1 by dynamic programming against it."""
    layers = reachable_layers(game.P, game.start, game.horizon)
    places = [(t, s) for t, layer in enumerate(layers) for s in layer]
    groups = Counter()
    for moves in product(range(game.n_actions[1]), repeat=len(places)):
        policy = dict(zip(places, moves))
        table, after = {}, np.zeros(game.n_states)
        for t in reversed(range(game.horizon)):
            here = np.zeros(game.n_states)
            for s in layers[t]:
                q = game.R[s, :, policy[t, s]] + game.discount * game.P[s, :, policy[t, s]] @ after
                here[s] = q.max()
                best = tuple(np.flatnonzero(q >= q.max() - 1e-9).tolist())
                table[t, s] = (best, round(float(q.max()), 7) if valued else None)
            after = here
        if mode == "path":
            on = {(0, s) for s in layers[0]}
            for t, s in places:
                if (t, s) in on:
                    lead = game.P[s, list(table[t, s][0]), policy[t, s]].any(axis=0)
                    on |= {(t + 1, int(x)) for x in np.flatnonzero(lead)}
            table = {at: x for at, x in table.items() if at in on}
        groups[tuple(sorted(table.items()))] += 1
    return groups


def freely_combined(game):
    """Count what the wrong recursion finds: classes of each state apart, then every combination."""
    after = [[0.0]] * game.n_states
    for _ in range(game.horizon):
        here = []
        for s in range(game.n_states):
            found = set()
            for number, values in enumerate(product(*after)):
                q = game.R[s] + game.discount * game.P[s] @ np.array(values)
                found |= {(number, int(q[:, b].argmax()), float(q[:, b].max())) for b in range(q.shape[1])}
            here.append([value for _, _, value in sorted(found)])
        after = here
    return len(after[int(np.flatnonzero(game.start)[0])])


class TestMatrixGames:
    def test_pure_classes_are_equal_columns_of_best_actions(self):
        found = strategic_classes(CommonPayoffGame.from_matrix(FIGURE_2))
        assert [(c.label, c.count) for c in found] == [(((0,), 1.0), 2), (((1,), 1.0), 1)]
        assert relevant_bits(found) == pytest.approx(entropy([2 / 3, 1 / 3], base=2))
        assert relevant_bits(found) + irrelevant_bits(found) == pytest.approx(np.log2(3))

    def test_values_part_classes_only_when_asked(self):
        game = CommonPayoffGame.from_matrix([[1, 2, 0], [0, 0, 1]])
        assert len(strategic_classes(game)) == 3
        assert len(strategic_classes(game, valued=False)) == 2

    def test_the_other_player_chooses_the_row(self):
        assert len(strategic_classes(CommonPayoffGame.from_matrix(FIGURE_2), player=1, valued=False)) == 2

    def test_mixed_partners_have_three_classes(self):
        found = mixed_classes(FIGURE_2)
        assert [c.best for c in found] == [(0,), (1,), (0, 1)]
        assert [c.full for c in found] == [True, True, False]

    @pytest.mark.parametrize("n", [2, 3, 4])
    def test_matching_has_a_class_for_every_subset(self, n):
        assert len(mixed_classes(np.eye(n))) == 2**n - 1

    def test_a_mixed_class_has_a_member(self):
        payoff = np.random.default_rng(0).normal(size=(4, 3))
        found = mixed_classes(payoff)
        for c in found:
            q = payoff @ np.array(c.partner)
            assert tuple(np.flatnonzero(q > q.max() - 1e-7)) == c.best
        # every random partner is in a full class that was found
        seen = {
            (int(np.argmax(payoff @ w)),) for w in np.random.default_rng(1).dirichlet(np.ones(3), size=4000)
        }
        assert seen == {c.best for c in found if c.full}

    def test_a_dominated_action_is_in_no_class(self):
        assert [c.best for c in mixed_classes([[1, 1], [0, 0]])] == [(0,)]

    def test_equal_rows_fill_a_class_together(self):
        (only,) = mixed_classes([[1, 2], [1, 2]])
        assert only.best == (0, 1)
        assert only.full


class TestFullyObserved:
    def test_two_steps_have_the_classes_of_the_paper(self):
        found = strategic_classes(two_step_game())
        labels = Counter(c.label for c in found)
        assert labels == {((0,), 2.0): 2, ((1,), 2.0): 2, ((0, 1), 1.0): 2}
        assert found.n_policies == 8
        assert len(strategic_classes(two_step_game(), mode="path")) == 4

    @pytest.mark.parametrize("mode", ["subgame", "path"])
    @pytest.mark.parametrize("valued", [True, False])
    @pytest.mark.parametrize("seed", range(4))
    def test_equals_listing_all_policies(self, seed, valued, mode):
        game = random_game(seed, sparse=seed % 2 == 0, discount=0.5)
        found = strategic_classes(game, mode=mode, valued=valued)
        everything = listed(game, mode, valued)
        assert sorted(c.count for c in found) == sorted(everything.values())
        assert found.n_policies == sum(everything.values())

    def test_combining_states_freely_counts_too_many(self):
        rng = np.random.default_rng(1)
        game = CommonPayoffGame(rng.dirichlet(np.ones(3), size=(3, 2, 2)), rng.normal(size=(3, 2, 2)), 3)
        assert len(strategic_classes(game)) == len(listed(game)) == 128
        assert freely_combined(game) == 2 * (2 * 2**3) ** 3

    def test_paths_are_not_always_fewer(self):
        # tables that agree everywhere are told apart where partners lead the player to different states
        game = corridor_game(4)
        assert len(strategic_classes(game, partners="equilibrium")) == 20
        assert len(strategic_classes(game, partners="equilibrium", mode="path")) == 21

    def test_relabelling_the_partners_actions_changes_nothing(self):
        game = random_game(3, actions=(2, 3), horizon=2)
        turned = CommonPayoffGame(game.P[:, :, [2, 0, 1]], game.R[:, :, [2, 0, 1]], 2)
        first, second = strategic_classes(game), strategic_classes(turned)
        assert sorted(c.count for c in first) == sorted(c.count for c in second)

    def test_sums_of_floats_tie(self):
        # 0.1 + 0.2 on one way and 0.3 on the other, whatever the partner does
        P = np.zeros((3, 2, 2, 3))
        P[0, 0, :, 1] = P[0, 1, :, 2] = P[1, ..., 1] = P[2, ..., 2] = 1
        R = np.zeros((3, 2, 2))
        R[0, 0], R[1], R[0, 1] = 0.1, 0.2, 0.3
        (only,) = strategic_classes(CommonPayoffGame(P, R, 2))
        assert only.responses[0, 0] == ((0, 1), pytest.approx(0.3))
        assert 0.1 + 0.2 != 0.3

    def test_co_players_are_one_partner(self):
        game = random_game(4, actions=(2, 2, 2), horizon=2)
        joined = CommonPayoffGame(game.P.reshape(3, 2, 4, 3), game.R.reshape(3, 2, 4), 2)
        three, two = strategic_classes(game), strategic_classes(joined)
        assert [c.count for c in three] == [c.count for c in two]

    def test_a_representative_calls_for_the_responses_of_its_class(self):
        game = random_game(6, sparse=True)
        layers = reachable_layers(game.P, game.start, game.horizon)
        for c in strategic_classes(game):
            best, value = best_table(game, layers, c.policy)
            assert best == tuple(b for b, _ in c.responses.values())
            assert value == pytest.approx(c.value)
            assert len(c.policy) == len(c.responses) == sum(map(len, layers))

    def test_reward_of_the_next_state_is_its_mean(self):
        rng = np.random.default_rng(0)
        P, R = rng.dirichlet(np.ones(2), size=(2, 2, 2)), rng.normal(size=(2, 2, 2, 2))
        first = strategic_classes(CommonPayoffGame(P, R, 2))
        second = strategic_classes(CommonPayoffGame(P, (P * R).sum(-1), 2))
        assert [c.value for c in first] == [c.value for c in second]

    def test_start_law_covers_all_its_states(self):
        game = random_game(0, horizon=1, start=[0.5, 0.5, 0.0])
        found = strategic_classes(game)
        assert {at for c in found for at in c.responses} == {(0, 0), (0, 1)}
        assert found.n_policies == 4

    def test_going_first_is_all_that_matters_in_the_corridor(self):
        found = strategic_classes(corridor_game(), mode="path", partners="optimal")
        assert [c.label for c in found] == [((1,), 2.0), ((0,), 2.0)]
        assert relevant_bits(found) == pytest.approx(1.0)
        assert irrelevant_bits(found) == pytest.approx(6.0)
        # with time to spare it does not matter, and a policy is the same against both
        relaxed = strategic_classes(corridor_game(4), partners="optimal")
        assert {c.label for c in relaxed} == {((0, 1), 2.0)}

    def test_restrictions_are_nested(self):
        for seed in range(6):
            game = random_game(seed, horizon=2, actions=(3, 3))
            sizes = [
                strategic_classes(game, partners=p).n_policies
                for p in ("optimal", "equilibrium", "best-response", "all")
            ]
            assert sizes == sorted(sizes)

    def test_elimination_goes_on_until_nothing_changes(self):
        # column 2 answers row 2 only, row 2 answers column 3 only, column 3 answers nothing
        payoff = [[5, 4, 0, 0], [4, 5, 0, 0], [0, 0, 3, 2.5], [0, 0, 2, 1]]
        game = CommonPayoffGame.from_matrix(payoff)
        assert strategic_classes(game, partners="best-response").n_policies == 3
        assert strategic_classes(game, partners="optimal").n_policies == 2


class TestPrior:
    def test_uniform_prior_is_the_default(self):
        game = random_game(0, sparse=True)
        first = strategic_classes(game)
        second = strategic_classes(game, prior=[0.5, 0.5])
        assert [c.probability for c in first] == pytest.approx([c.probability for c in second])
        assert first.policy_bits == pytest.approx(second.policy_bits)

    def test_a_known_partner_leaves_nothing_to_know(self):
        found = strategic_classes(random_game(1), prior=[1.0, 0.0])
        assert relevant_bits(found) == pytest.approx(0.0)
        assert irrelevant_bits(found) == pytest.approx(0.0)

    def test_probabilities_are_those_of_policies_drawn_state_by_state(self):
        found = strategic_classes(two_step_game(), mode="path", prior=[0.25, 0.75])
        assert {c.label + (round(c.probability, 9),) for c in found} == {
            ((0,), 2.0, 0.0625),
            ((1,), 2.0, 0.1875),
            ((0, 1), 1.0, 0.1875),
            ((0, 1), 1.0, 0.5625),
        }


def value_of(game, answer, policy):
    values = np.zeros(game.n_states)
    for t in reversed(range(game.horizon)):
        here = np.zeros(game.n_states)
        for s in range(game.n_states):
            if (t, s) in answer:
                a, b = answer[t, s], policy[t, s]
                here[s] = game.R[s, a, b] + game.discount * game.P[s, a, b] @ values
        values = here
    return float(game.start @ values)


class TestRegret:
    def test_zero_on_the_diagonal_and_never_negative(self):
        loss = regret_matrix(strategic_classes(random_game(5, sparse=True)))
        assert (np.diag(loss) == 0).all()
        assert (loss >= 0).all()

    def test_is_the_loss_against_the_worst_policy_of_the_class(self):
        game = random_game(7, horizon=2, sparse=True)
        found = strategic_classes(game, valued=False)
        layers = reachable_layers(game.P, game.start, game.horizon)
        places = [(t, s) for t, layer in enumerate(layers) for s in layer]
        answers = [{at: best[0] for at, (best, _) in c.responses.items()} for c in found]
        expected = np.zeros((len(found), len(found)))
        tables = {tuple(b for b, _ in c.responses.values()): j for j, c in enumerate(found)}
        for moves in product(range(2), repeat=len(places)):
            policy = dict(zip(places, moves))
            q_best, value = best_table(game, layers, policy)
            j = tables[q_best]
            for i, answer in enumerate(answers):
                expected[i, j] = max(expected[i, j], value - value_of(game, answer, policy))
        np.testing.assert_allclose(regret_matrix(found), expected, atol=1e-8)

    def test_of_a_cell(self):
        found = strategic_classes(two_step_game(), mode="path")
        assert max_regret(found) == 2.0
        assert max_regret(found, [2]) == 0.0
        assert max_regret(found, [2, 3]) == 1.0
        with pytest.raises(ValueError, match="cell"):
            max_regret(found, [])
        with pytest.raises(ValueError, match="cell"):
            max_regret(found, [4])

    def test_needs_states(self):
        with pytest.raises(ValueError, match="fully observed"):
            regret_matrix(strategic_classes(referential_game()))


def best_table(game, layers, policy):
    table, after = {}, np.zeros(game.n_states)
    for t in reversed(range(game.horizon)):
        here = np.zeros(game.n_states)
        for s in layers[t]:
            q = game.R[s, :, policy[t, s]] + game.discount * game.P[s, :, policy[t, s]] @ after
            here[s] = q.max()
            table[t, s] = tuple(np.flatnonzero(q >= q.max() - 1e-9).tolist())
        after = here
    ordered = tuple(table[t, s] for t, layer in enumerate(layers) for s in layer)
    return ordered, float(game.start @ after)


def behaviours(first, n_actions, n_seen, horizon):
    """List the reduced pure policies on histories that begin with the given observations."""

    def grow(histories, t):
        if t == horizon:
            return [{}]
        found = []
        for moves in product(range(n_actions), repeat=len(histories)):
            here = dict(zip(histories, moves))
            below = [h + (a, o) for h, a in here.items() for o in range(n_seen)]
            found += [{**here, **rest} for rest in (grow(below, t + 1) if t + 1 < horizon else [{}])]
        return found

    return grow([(o,) for o in first], 0)


def earned(game, ours, theirs):
    """Play two policies against each other on every branch of chance."""
    mine, other = game.observations
    total = 0.0
    waiting = [
        (0, s, (o,), (q,), game.start[s] * mine[s, o] * other[s, q])
        for s in np.flatnonzero(game.start)
        for o in np.flatnonzero(mine[s])
        for q in np.flatnonzero(other[s])
    ]
    while waiting:
        t, s, h, g, p = waiting.pop()
        a, b = ours[h], theirs[g]
        total += p * game.discount**t * game.R[s, a, b]
        if t + 1 < game.horizon:
            for x in np.flatnonzero(game.P[s, a, b]):
                for o in np.flatnonzero(mine[x]):
                    for q in np.flatnonzero(other[x]):
                        chance = p * game.P[s, a, b, x] * mine[x, o] * other[x, q]
                        waiting.append((t + 1, x, h + (a, o), g + (b, q), chance))
    return total


def by_definition(game, valued):
    """Group all partner policies by their sets of best policies and what those earn."""
    first = [np.flatnonzero((game.start > 0) @ (game.observations[k] > 0)) for k in (0, 1)]
    sizes = [game.observations[k].shape[1] for k in (0, 1)]
    ours = behaviours([int(o) for o in first[0]], game.n_actions[0], sizes[0], game.horizon)
    theirs = behaviours([int(o) for o in first[1]], game.n_actions[1], sizes[1], game.horizon)
    groups = Counter()
    for partner in theirs:
        payoffs = np.array([earned(game, policy, partner) for policy in ours])
        best = tuple(np.flatnonzero(payoffs >= payoffs.max() - 1e-9).tolist())
        groups[best, round(payoffs.max(), 7) if valued else None] += 1
    return groups


class TestPartiallyObserved:
    def test_the_listener_has_three_classes_of_speakers(self):
        found = strategic_classes(referential_game(), player=1, mode="path")
        assert sorted(c.value for c in found) == [0.5, 1.0, 1.0]
        guesses = [{h[3 - 1]: best for h, (best, _) in c.responses.items() if len(h) == 3} for c in found]
        agreed = [g for g, c in zip(guesses, found) if c.value == 1.0]
        assert agreed == [{1: (0,), 2: (1,)}, {1: (1,), 2: (0,)}]

    def test_the_speaker_has_three_classes_of_listeners(self):
        found = strategic_classes(referential_game(), player=0, mode="path")
        assert sorted((c.value, c.count) for c in found) == [(0.5, 4), (1.0, 2), (1.0, 2)]

    def test_values_compared_in_every_history_tell_constant_guessers_apart(self):
        assert len(strategic_classes(referential_game(), player=0)) == 4

    @pytest.mark.parametrize("valued", [True, False])
    @pytest.mark.parametrize("seed", range(6))
    def test_equals_the_definition(self, seed, valued):
        rng = np.random.default_rng(seed)
        P = np.eye(3)[rng.integers(3, size=(3, 2, 2))]
        if seed % 2:
            P = 0.5 * P + 0.5 * np.eye(3)[rng.integers(3, size=(3, 2, 2))]
        R = rng.integers(0, 2, size=(3, 2, 2)).astype(float)
        ours, theirs = np.eye(2)[rng.integers(2, size=3)], np.eye(2)[rng.integers(2, size=3)]
        if seed > 3:
            ours = np.array([[0.5, 0.5], [1.0, 0.0], [0.25, 0.75]])
        game = CommonPayoffGame(
            P, R, 2, start=[0.5, 0.0, 0.5] if seed < 4 else 0, observations=(ours, theirs)
        )
        found = strategic_classes(game, mode="path", valued=valued)
        # policies differ here also where this player's play never leads, so counts can differ, numbers cannot
        assert len(found) == len(by_definition(game, valued))

    def test_a_policy_of_a_class_earns_its_value(self):
        game = referential_game()
        for player in (0, 1):
            for c in strategic_classes(game, player=player, mode="path"):
                partner = {h: a for (k, h), a in c.policy.items() if k == 1 - player}
                answer = {h: best[0] for h, (best, _) in c.responses.items()}
                ordered = (answer, partner) if player == 0 else (partner, answer)
                assert earned(game, *ordered) == pytest.approx(c.value)

    def test_what_all_see_needs_no_tree(self):
        game = random_game(2, horizon=2, states=2, sparse=True)
        seen = CommonPayoffGame(game.P, game.R, 2, observations=(None, None))
        blind = CommonPayoffGame(game.P, game.R, 2, observations=(np.ones((2, 1)), np.ones((2, 1))))
        values = {round(c.value, 9) for c in strategic_classes(seen, mode="path")}
        assert values == {round(c.value, 9) for c in strategic_classes(game, mode="path")}
        assert max(c.value for c in strategic_classes(blind)) <= max(values) + 1e-9

    def test_three_players(self):
        rng = np.random.default_rng(0)
        game = CommonPayoffGame(
            np.ones((1, 2, 2, 2, 1)), rng.integers(0, 2, (1, 2, 2, 2)), 1, observations=(None, None, None)
        )
        plain = CommonPayoffGame(game.P, game.R, 1)
        assert len(strategic_classes(game)) == len(strategic_classes(plain))
        assert strategic_classes(game).n_policies == 4


class TestBadInput:
    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            ({"P": np.ones((2, 2, 2))}, "P has shape"),
            ({"P": np.full((2, 2, 2, 2), 0.4)}, "sums to"),
            ({"R": np.ones((2, 2))}, "R has shape"),
            ({"R": np.full((2, 2, 2), np.nan)}, "NaN"),
            ({"horizon": 0}, "horizon"),
            ({"discount": 1.5}, "discount"),
            ({"start": 2}, "start=2"),
            ({"start": [0.5, 0.4]}, "start sums"),
            ({"start": [0.5, 0.25, 0.25]}, "start has shape"),
            ({"observations": (None,)}, "observations has 1"),
            ({"observations": (None, np.ones((3, 1)))}, "3 rows"),
        ],
    )
    def test_games(self, arguments, message):
        good = {"P": np.full((2, 2, 2, 2), 0.5), "R": np.ones((2, 2, 2)), "horizon": 2}
        with pytest.raises(ValueError, match=message):
            CommonPayoffGame(**{**good, **arguments})

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"player": 2}, "player=2"),
            ({"mode": "tree"}, "mode='tree'"),
            ({"partners": "kind"}, "partners='kind'"),
            ({"tol": 0}, "tol"),
            ({"max_classes": 0}, "max_classes"),
            ({"max_classes": 10}, "more than 10 classes"),
            ({"prior": [0.5, 0.4]}, "prior sums"),
            ({"prior": [0.5, 0.25, 0.25]}, "prior has shape"),
            ({"prior": [0.5, 0.5], "partners": "optimal"}, "prior"),
        ],
    )
    def test_choices(self, options, message):
        with pytest.raises(ValueError, match=message):
            strategic_classes(random_game(0), **options)

    def test_partners_of_a_tree(self):
        with pytest.raises(ValueError, match="fully observed"):
            strategic_classes(referential_game(), partners="optimal")

    def test_too_many_classes_of_a_tree(self):
        game = random_game(0, horizon=3, observations=(None, None))
        with pytest.raises(ValueError, match="more than 50"):
            strategic_classes(game, max_classes=50)

    @pytest.mark.parametrize("payoff", [[1.0, 2.0], [[np.inf, 0.0]], np.zeros((0, 2))])
    def test_payoffs(self, payoff):
        with pytest.raises(ValueError, match="payoff"):
            mixed_classes(payoff)

    def test_too_many_actions(self):
        with pytest.raises(ValueError, match="allow_large"):
            mixed_classes(np.eye(21))
