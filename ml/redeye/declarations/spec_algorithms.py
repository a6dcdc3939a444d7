"""The part of a spec that names the candidates and their parameters."""

from __future__ import annotations

from typing import Any

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer, model_validator

from redeye.declarations.spec_fields import Feature, Frozen, Name, PositiveInt, refuse_twice

HEURISTIC = "heuristic"
"""The algorithm that every model has: its first champion and last resort."""


class HeuristicParams(Frozen):
    """Smoothed rate of the target: (successes + strength * prior) / (trials + strength); the prior is learned.

    The counts are two features, or those of the training's labels by `groups`.
    """

    successes: Feature | None = Field(
        default=None, description="How often the target was true before; with `trials`, in place of `groups`."
    )
    trials: Feature | None = Field(default=None, description="Of how many.")
    groups: tuple[Name, ...] = Field(
        default=(),
        description="Categorical schedule columns by whose values the target's rate is learned: by the first, in it "
        "by the second and so on. In place of `successes` and `trials`.",
    )
    prior_strength: float = Field(gt=0, description="How many rows the prior counts for.")

    @model_serializer(mode="wrap")
    def _omit_what_came_later(self, dump: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Without empty `groups`: specs from before them keep their hashes and marks."""
        stated: dict[str, Any] = dump(self)
        if not self.groups:
            del stated["groups"]
        return stated

    @model_validator(mode="after")
    def _has_one_source(self) -> HeuristicParams:
        refuse_twice("groups", self.groups)
        given = (self.successes is not None, self.trials is not None)
        if any(given) and not all(given):
            raise ValueError("successes and trials go together: name both")
        if any(given) == bool(self.groups):
            raise ValueError("name successes and trials, counts of this very target, or else groups")
        return self


class LogisticParams(Frozen):
    """Logistic regression on imputed, scaled and one-hot encoded inputs."""

    regularization: float = Field(gt=0, description="Inverse strength (C): smaller is stronger.")
    maximum_iterations: PositiveInt = Field(description="Of the solver (L-BFGS).")
    maximum_categories: PositiveInt = Field(
        description="Per categorical column; the rarest beyond it count as unseen."
    )


class XGBoostParams(Frozen):
    """Gradient-boosted trees with early stopping on the validation window."""

    rounds: PositiveInt = Field(description="Rounds of trees at most.")
    early_stopping_rounds: PositiveInt = Field(
        description="Rounds without a better one, after which it ends."
    )
    learning_rate: float = Field(gt=0, le=1, description="What a round adds is shrunk by it.")
    max_depth: int = Field(ge=1, le=16, description="Levels of a tree at most.")
    min_child_weight: float = Field(ge=0, description="Least sum of second derivatives in a leaf.")
    subsample: float = Field(gt=0, le=1, description="Share of the rows that a tree sees.")
    colsample_bytree: float = Field(gt=0, le=1, description="Share of the columns that a tree sees.")
    reg_lambda: float = Field(ge=0, description="L2 penalty on the leaves.")
    max_bin: int = Field(ge=2, description="Bins of a number at most.")


class TorchParams(Frozen):
    """A perceptron on piecewise-linear numbers and embedded categories, stopped by the validation window."""

    pieces: int = Field(ge=2, le=64, description="Per numeric column, between quantiles of training.")
    embedding: PositiveInt = Field(description="Numbers that stand for a category.")
    hidden: PositiveInt = Field(description="Units of each hidden layer.")
    layers: int = Field(ge=1, le=8, description="Hidden layers.")
    dropout: float = Field(ge=0, lt=1, description="Share of hidden units left out of a step.")
    column_dropout: float = Field(ge=0, lt=1, description="Share of a row's numbers left out of a step.")
    category_dropout: float = Field(ge=0, lt=1, description="Share of categories learned from as unknown.")
    learning_rate: float = Field(gt=0, le=1, description="Largest step of the optimizer (AdamW).")
    weight_decay: float = Field(ge=0, description="By which weights shrink with each step.")
    batch_rows: PositiveInt = Field(description="Rows of a step.")
    maximum_epochs: PositiveInt = Field(description="Passes over the training rows at most.")
    evaluations_per_epoch: PositiveInt = Field(description="How often validation is looked at.")
    patience: PositiveInt = Field(description="Evaluations without a better one, after which it ends.")


class Algorithms(Frozen):
    """The candidates. The heuristic is always there: it is the first champion and the last resort."""

    heuristic: HeuristicParams
    logistic: LogisticParams | None = None
    xgboost: XGBoostParams | None = None
    torch: TorchParams | None = None

    def list_declared(self) -> dict[str, Frozen]:
        """Parameters by name of algorithm, in order of declaration."""
        return {
            name: params for name in type(self).model_fields if (params := getattr(self, name)) is not None
        }
