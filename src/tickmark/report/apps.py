"""The step as a Django app."""

from tickmark.kernel.register_step import StepConfig


class Config(StepConfig):
    """Loads the step's actions, queries, jobs and reactions."""

    name = "tickmark.report"
    default = True
    label = "report"
