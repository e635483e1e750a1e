"""E1.1 to E1.5 of Chen, Vanden-Eijnden and Bruna 2022, and its theorems. README.md says what differs from the paper."""

from runs.studies import feature_learning
from runs.studies.feature_learning.config import Config
from runs.studies.feature_learning.experiments.depth import Depth
from runs.studies.feature_learning.experiments.equivalence import Equivalence
from runs.studies.feature_learning.experiments.quadratic import QuadraticTeacher
from runs.studies.feature_learning.experiments.random_labels import RandomLabels
from runs.studies.feature_learning.experiments.scalings import Scalings
from runs.studies.feature_learning.experiments.theorems import Theorems
from runs.study.study import Study

STUDY = Study(
    name="feature-learning",
    paper="Chen, Vanden-Eijnden and Bruna 2022 (arXiv 2204.10782)",
    summary=str(feature_learning.__doc__),
    config=Config,
    experiments=(RandomLabels(), QuadraticTeacher(), Scalings(), Depth(), Equivalence(), Theorems()),
)
