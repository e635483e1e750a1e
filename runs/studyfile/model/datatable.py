"""The table [data] of a study file."""

from typing import Annotated, Any, Self

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer, model_validator

from runs.studyfile.model.kinds import Count, Seed
from runs.studyfile.model.sections import Section
from runs.system.options import DATA_SETS
from runs.system.refusal import Refusal, chosen

#: What is said in [data] of a file only.
FILES_ONLY = ("target", "inputs", "test_file", "classes")


class DataTable(Section, title="[data]"):
    """`[data]`: a data set of ours by name, or `file`, a CSV table or an npz archive beside the study.

    target, inputs: the columns of a table that are; test_file: another file of the same columns, for test data;
    classes: true or their list, where whole numbers name classes; rows: how many training rows are used, from the
    first; seed: of the split of our own data sets.
    """

    source: str | None = None
    file: str | None = None
    rows: Count | None = None
    seed: Seed = 10
    target: str | Annotated[list[str], Field(min_length=1)] | None = None
    inputs: Annotated[list[str], Field(min_length=1)] | None = None
    test_file: str | None = None
    classes: bool | list[str | int] = False

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.source is None) == (self.file is None):
            raise Refusal("[data] needs source = one of our data sets, or file = a CSV or an npz file, and not both.")
        if self.source is not None:
            chosen("source of [data]", self.source, DATA_SETS)
            given = [name for name in FILES_ONLY if getattr(self, name) != type(self).model_fields[name].default]
            if given:
                raise Refusal(
                    f"[data] gives {given[0]}, which is said of a file, but names a data set of ours: drop it."
                )
        elif self.seed != type(self).model_fields["seed"].default:
            raise Refusal(
                "The seed of [data] splits a data set of ours, and a file is split as it stands: leave it out."
            )
        if isinstance(self.classes, list) and len(set(self.classes)) < max(len(self.classes), 2):
            raise Refusal(f"classes of [data] is {self.classes!r}, but two or more different names are needed.")
        return self

    @model_serializer(mode="wrap")
    def _as_ever(self, write: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Without the keys that only some files need where they are not given: the runs of old studies stay theirs."""
        written: dict[str, Any] = write(self)
        fields = type(self).model_fields
        return {key: value for key, value in written.items() if key not in FILES_ONLY or value != fields[key].default}

    @property
    def targets(self) -> list[str]:
        """The target columns, none where the file does not need them said."""
        return [self.target] if isinstance(self.target, str) else self.target or []

    @property
    def files(self) -> list[str]:
        """The files that hold the data."""
        return [name for name in (self.file, self.test_file) if name is not None]
