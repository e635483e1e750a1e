"""Early training of infinitely wide networks beside the linear model that it follows (Hu et al. 2020)."""

from flows import RK4, GradientFlow
from limits import KernelFlow, early_time_model, tangent_kernel
from particles import NTK, Erf, GaussianLaw, Identity, ParticleCloud, Perceptron, Risk, Squared, SymmetricPairs, masses
from particles.shapes import Outputs, Scalar
from runs.studies.early_time.problem import Data
from runs.studies.infinite_width.question import Question

#: Inputs, data, other inputs, and when networks are compared with the model.
INPUTS, DATA, OTHERS, UNTIL = 10, 60, 20, 20.0


def early() -> Question:
    """sum_i (f - f_lin)^2 / sum_i f_lin^2 at other inputs, hidden weights trained; its kernel flow is known."""
    data = Data.of_teacher(INPUTS, DATA, OTHERS, seed=1)
    neuron = Perceptron(Erf(), Identity(INPUTS), 1, "hidden")
    law = GaussianLaw(neuron)
    risk = Risk(neuron, NTK(), Squared(), data.train)
    linear = KernelFlow(early_time_model(neuron, law), data.train).predictions(UNTIL, data.test.inputs)

    def gap(outputs: Outputs) -> Scalar:
        return (outputs - linear).square().sum() / linear.square().sum()

    def exact() -> dict[str, float]:
        wide = KernelFlow(tangent_kernel(neuron, law), data.train)
        return {"gap": float(gap(wide.predictions(UNTIL, data.test.inputs)))}

    def draw(count: int, seed: int) -> ParticleCloud:
        return SymmetricPairs(law).sample(masses=masses.uniform(count), seed=seed)

    return Question(
        draw=draw,
        flow=GradientFlow(risk),
        integrator=RK4,
        step=2.0,
        times=(UNTIL,),
        quantities={"gap": lambda start, end: gap(risk.predictions(end, data.test.inputs))},
        exact=exact,
    )
