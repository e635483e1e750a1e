"""The page in a real browser: nothing goes wrong, nothing is fetched, and what is pressed does what it says."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.runs.pages.small import part, written

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
selenium = pytest.importorskip("selenium", reason="selenium, which drives a browser, is not installed (extra browser)")
pytestmark = pytest.mark.skipif(CHROMIUM is None or DRIVER is None, reason="chromium or chromedriver is not installed")


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A browser without a window that has opened the hostile page."""
    from selenium.webdriver import Chrome, ChromeOptions, ChromeService

    options = ChromeOptions()
    options.binary_location = str(CHROMIUM)
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"):
        options.add_argument(argument)
    options.add_argument("--window-size=1200,1400")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    browser = Chrome(options=options, service=ChromeService(executable_path=str(DRIVER)))
    try:
        browser.get(written(tmp_path_factory.mktemp("page")).as_uri())
        browser.execute_script("document.querySelector('.film').scrollIntoView()")
        until(browser, "return document.querySelector('.film .scatterlayer') !== null")
        yield browser
    finally:
        browser.quit()


def until(browser: Any, said: str) -> None:
    """Wait until a script gives true, half a minute at most."""
    from selenium.webdriver.support.ui import WebDriverWait

    WebDriverWait(browser, 30.0, 0.05).until(lambda each: each.execute_script(said))


def press(browser: Any, selector: str) -> None:
    """Press the first element of a kind."""
    browser.execute_script("document.querySelector(arguments[0]).click()", selector)


#: Where the particles of the last trace are drawn.
DOTS = "return Array.from(document.querySelectorAll('.film .trace:last-child .point'), (one) => one.outerHTML).join()"
ROWS = "Array.from(document.querySelectorAll('.claims tbody tr'))"


def test_nothing_goes_wrong_and_nothing_is_fetched(opened: Any) -> None:
    """Assert that the log is empty, the page asked for itself alone, and no hostile text was run."""
    assert opened.get_log("browser") == []
    messages = [json.loads(entry["message"])["message"] for entry in opened.get_log("performance")]
    asked = [each["params"]["request"]["url"] for each in messages if each["method"] == "Network.requestWillBeSent"]
    assert [url for url in asked if not url.startswith(("data:", "blob:"))] == [opened.current_url]
    assert opened.execute_script("return performance.getEntriesByType('resource').length") == 0
    assert opened.execute_script("return window.harmed === undefined")
    assert opened.execute_script("return document.querySelectorAll('.chart svg').length") > 0


def test_slider_changes_the_picture_and_says_the_time(opened: Any) -> None:
    """Assert that another frame is drawn elsewhere, and its time stands beside the slider."""
    slide = (
        "const slider = document.querySelector('.film input[type=range]'); slider.value = arguments[0];"
        "slider.dispatchEvent(new Event('input'));"
    )
    opened.execute_script(slide, 0)
    before = opened.execute_script(DOTS)
    opened.execute_script(slide, 2)
    assert before and opened.execute_script(DOTS) != before
    assert opened.execute_script("return document.querySelector('.film output').textContent") == "time 1, 3 of 4"


def test_axes_can_be_chosen(opened: Any) -> None:
    """Assert that another coordinate is drawn under its name."""
    before = opened.execute_script(DOTS)
    opened.execute_script(
        "const axis = document.querySelector('.film select'); axis.value = 3; axis.dispatchEvent(new Event('change'));"
    )
    assert opened.execute_script(DOTS) != before
    assert opened.execute_script("return document.querySelector('.film .xtitle').textContent") == "theta_1"


def test_play_runs_to_the_end(opened: Any) -> None:
    """Assert that pressed at the end it begins anew, moves on by itself, and stops at the last frame."""
    until(opened, "const s = document.querySelector('.film input[type=range]'); s.value = s.max; return true")
    press(opened, ".film button[data-play]")
    assert opened.execute_script("return document.querySelector('.film button[data-play]').textContent") == "Pause"
    assert opened.execute_script("return document.querySelector('.film input[type=range]').value") == "0"
    until(opened, "return document.querySelector('.film output').textContent === 'time 2, 4 of 4'")
    until(opened, "return document.querySelector('.film button[data-play]').textContent === 'Play'")


def test_filter_shows_one_verdict(opened: Any) -> None:
    """Assert that the rows of other verdicts are hidden, their number is said, and all come back."""
    shown = f"return {ROWS}.filter((row) => row.offsetParent !== null).map((row) => row.dataset.verdict)"
    press(opened, "button[data-verdict=holds]")
    assert opened.execute_script(shown) == ["holds"] * 3
    assert opened.execute_script("return document.querySelector('[role=status]').textContent") == "3 of 5 shown"
    press(opened, "button[data-verdict=all]")
    assert len(opened.execute_script(shown)) == 5


@pytest.mark.parametrize(
    ("column", "up", "down"),
    [
        (1, ["E1", "E2", "E3", "E4", "E10"], ["E10", "E4", "E3", "E2", "E1"]),
        (5, ["E10", "E1", "E2", "E4", "E3"], ["E4", "E2", "E1", "E10", "E3"]),
    ],
)
def test_a_head_sorts_its_column(opened: Any, column: int, up: list[str], down: list[str]) -> None:
    """Assert that numbers are sorted by size, names by the numbers in them, and what has none comes last."""
    read = f"return {ROWS}.map((row) => row.cells[0].textContent)"
    for wanted, said in ((up, "ascending"), (down, "descending")):
        press(opened, f".claims th:nth-child({column}) button")
        assert opened.execute_script(read) == wanted
        state = f"return document.querySelector('.claims th:nth-child({column})').getAttribute('aria-sort')"
        assert opened.execute_script(state) == said


def test_curves_axes_and_bands_are_switched(opened: Any) -> None:
    """Assert that a name hides its curve, log is switched, and the band can be the error or none."""
    opened.execute_script("document.querySelector('.figure').scrollIntoView()")
    until(opened, "return document.querySelector('.chart[data-plot=\"0\"] .scatterlayer') !== null")
    traces = "return document.querySelectorAll('.chart[data-plot=\"0\"] .scatterlayer .trace').length"
    every = opened.execute_script(traces)
    press(opened, ".key[data-group]")
    assert opened.execute_script(traces) == every - 2  # the curve and its band
    press(opened, ".key[data-group]")
    choose = (
        "const spread = document.querySelector('select[data-spread]'); spread.value = arguments[0];"
        "spread.dispatchEvent(new Event('change'));"
    )
    opened.execute_script(choose, "none")
    assert opened.execute_script(traces) == every - 2  # both bands
    opened.execute_script(choose, "error")
    assert opened.execute_script(traces) == every
    kind = "return document.querySelector('.chart[data-plot=\"0\"]').layout.yaxis.type"
    assert opened.execute_script(kind) == "log"
    press(opened, ".tools button[data-axis='1']")
    assert opened.execute_script(kind) == "linear"


def test_a_phone_needs_no_scrolling_to_the_side(opened: Any) -> None:
    """Assert that at the width of a phone the page is as wide as its screen, and plots are as well."""
    size = {"width": 360, "height": 740, "deviceScaleFactor": 1, "mobile": True}
    opened.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    until(opened, "return document.querySelector('.film svg').clientWidth < 360")
    assert opened.execute_script("return document.documentElement.scrollWidth") == 360
    opened.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_print_shows_every_row_and_opens_what_is_folded(opened: Any) -> None:
    """Assert that a filter does not print, details are open while printing, and all plots are drawn."""
    press(opened, "button[data-verdict=violated]")
    opened.execute_script("window.dispatchEvent(new Event('beforeprint'))")
    opened.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    hidden = f"return {ROWS}.filter((row) => getComputedStyle(row).display === 'none').length"
    assert opened.execute_script(hidden) == 0
    assert opened.execute_script("return document.querySelectorAll('details:not([open])').length") == 0
    empty = "return Array.from(document.querySelectorAll('.chart')).filter((one) => !one.querySelector('svg')).length"
    assert opened.execute_script(empty) == 0
    opened.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
    opened.execute_script("window.dispatchEvent(new Event('afterprint'))")
    assert opened.execute_script("return document.querySelectorAll('details[open]').length") == 0
    assert opened.get_log("browser") == []


def test_what_is_folded_is_drawn_once_it_is_opened(opened: Any, tmp_path: Path) -> None:
    """Assert that on a page of several parts a plot that is unfolded is drawn, and one that is not costs nothing."""
    opened.get(written(tmp_path, part(tmp_path, "one"), part(tmp_path / "two", "two")).as_uri())
    assert opened.execute_script("return document.querySelectorAll('.chart svg').length") == 0
    opened.execute_script("const d = document.querySelector('details'); d.open = true; d.scrollIntoView()")
    until(opened, "return document.querySelectorAll('.chart svg').length > 0")
    assert opened.get_log("browser") == []
