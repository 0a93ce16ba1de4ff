# SPDX-License-Identifier: GPL-2.0-only
"""The page in Chromium: it fits both widths and themes, its links and filter work, it is quiet."""

import shutil
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from pages import FAULTY, RFC, SHIPPED, written
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from tools import need, sampled

OPTIONS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage")


@pytest.fixture(scope="module")
def browser() -> Iterator[webdriver.Chrome]:
    need("chromium", "chromium chromium-driver")
    need("chromedriver", "chromium chromium-driver")
    options = webdriver.ChromeOptions()
    options.binary_location = str(shutil.which("chromium"))
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    for option in OPTIONS:
        options.add_argument(option)
    with webdriver.Chrome(options, webdriver.ChromeService(shutil.which("chromedriver"))) as chrome:
        yield chrome


class Pages(dict[str, Path]):
    """A page of each shipped spec, and one of a faulty spec and another, written when wanted."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder

    def __missing__(self, name: str) -> Path:
        page = self.folder / f"{name}.html"
        if name == "faulty":
            self[name] = written(page, FAULTY, SHIPPED[0], status=1)
        else:
            spec = RFC.with_stem(name)
            self[name] = written(page, spec, "--level", "run" if spec == RFC else "parse")
        return self[name]


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Pages:
    return Pages(tmp_path_factory.mktemp("pages"))


def show(browser: webdriver.Chrome, page: Path, width: int = 1600, theme: str = "light") -> None:
    """Open a page in a window of some width, in a theme."""
    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    features = [{"name": "prefers-color-scheme", "value": theme}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    browser.get(page.as_uri())


def background(browser: webdriver.Chrome) -> Any:
    return browser.execute_script("return getComputedStyle(document.body).backgroundColor")


@pytest.mark.parametrize(
    ("width", "theme"), sampled(product((400, 1600), ("light", "dark")), lambda case: case[0])
)
@pytest.mark.parametrize("name", sampled([spec.stem for spec in SHIPPED]))
def test_nothing_is_wider_than_the_window(
    browser: webdriver.Chrome, pages: dict[str, Path], name: str, theme: str, width: int
) -> None:
    show(browser, pages[name], width, theme)
    for element in browser.find_elements(By.TAG_NAME, "details"):
        browser.execute_script("arguments[0].open = true", element)
    fits = "return document.documentElement.scrollWidth <= innerWidth && innerWidth"
    assert browser.execute_script(fits) == width
    assert (background(browser) == "rgb(255, 255, 255)") is (theme == "light")
    assert browser.get_log("browser") == []


def test_every_link_leads_somewhere_and_opens_what_it_leads_into(
    browser: webdriver.Chrome, pages: dict[str, Path]
) -> None:
    show(browser, pages["rfc-v1-ops"])
    lost = """return [...document.links].filter((link) =>
        !document.getElementById(link.getAttribute("href").slice(1))).length"""
    assert browser.execute_script(lost) == 0
    link = browser.find_element(By.CSS_SELECTOR, "td.set a[aria-label], td.set small a")
    row = browser.find_element(By.ID, link.get_attribute("href").partition("#")[2])
    assert not row.is_displayed()
    link.click()
    assert row.is_displayed()
    assert 0 <= browser.execute_script("return arguments[0].getBoundingClientRect().top", row) < 900


@pytest.mark.thorough
def test_what_a_link_leads_into_opens_where_the_browser_does_not_open_it(
    browser: webdriver.Chrome, pages: dict[str, Path]
) -> None:
    show(browser, pages["rfc-v1-ops"])
    row = browser.find_element(By.ID, "s1-spec-20")
    browser.execute_script("history.replaceState(null, '', '#s1-spec-20')")
    assert not row.is_displayed()
    browser.execute_script("dispatchEvent(new HashChangeEvent('hashchange'))")
    assert row.is_displayed()


@pytest.mark.thorough
def test_findings_are_filtered_by_words_and_status(
    browser: webdriver.Chrome, pages: dict[str, Path]
) -> None:
    show(browser, pages["rfc-v1"])
    findings = browser.find_elements(By.TAG_NAME, "article")
    words = browser.find_element(By.CSS_SELECTOR, "input[type=search]")
    count = browser.find_element(By.TAG_NAME, "output")
    assert count.text == f"{len(findings)} of {len(findings)} shown"
    words.send_keys("Required-Slot EXPECTED")
    shown = [finding for finding in findings if finding.is_displayed()]
    assert [finding.text.partition(":")[0] for finding in shown] == ["required-slot-emptied"]
    assert count.text == f"1 of {len(findings)} shown"
    words.send_keys(Keys.CONTROL, "a", Keys.BACK_SPACE)
    assert all(finding.is_displayed() for finding in findings)
    browser.find_element(By.TAG_NAME, "select").send_keys("unexpected")
    assert not any(finding.is_displayed() for finding in findings)


@pytest.mark.thorough
def test_each_spec_has_its_own_filter(browser: webdriver.Chrome, pages: dict[str, Path]) -> None:
    show(browser, pages["faulty"])
    browser.find_element(By.TAG_NAME, "select").send_keys("expected")
    unexpected, *others = browser.find_elements(By.TAG_NAME, "article")
    assert not unexpected.is_displayed()
    assert all(finding.is_displayed() for finding in others)


@pytest.mark.thorough
def test_the_keyboard_reaches_the_content_first_and_shows_where_it_is(
    browser: webdriver.Chrome, pages: dict[str, Path]
) -> None:
    show(browser, pages["xenhost"])
    browser.find_element(By.TAG_NAME, "body").send_keys(Keys.TAB)
    link = browser.switch_to.active_element
    assert link.text == "Skip to the content"
    assert link.rect["x"] >= 0
    assert link.value_of_css_property("outline-style") == "solid"


@pytest.mark.thorough
def test_a_script_that_is_not_ours_does_not_run(
    browser: webdriver.Chrome, pages: dict[str, Path], tmp_path: Path
) -> None:
    other = tmp_path / "other.html"
    script = "<script>document.title = 'ran'</script><img src='https://example.com/x.png'>"
    other.write_text(pages["xenhost"].read_text().replace("</main>", f"{script}</main>"))
    show(browser, other)
    assert browser.title != "ran"
    refusals = [entry["message"] for entry in browser.get_log("browser")]
    assert len(refusals) == 2
    assert all("Content Security Policy" in refusal for refusal in refusals)
