"""The page as a person uses it, in Chromium without a window.

With SCREENSHOTS=DIRECTORY in the environment it leaves pictures of the pages there.
"""

import os
import shutil
import unittest
from pathlib import Path

from django.core.management import call_command
from django.test import LiveServerTestCase
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.support.select import Select
from selenium.webdriver.support.ui import WebDriverWait

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")


@unittest.skipUnless(CHROMIUM and DRIVER, "no chromium and chromedriver here")
class BrowserTest(LiveServerTestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        options = webdriver.ChromeOptions()
        options.binary_location = CHROMIUM
        for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--window-size=1100,1250"):
            options.add_argument(argument)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        cls.browser = webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER))
        cls.addClassCleanup(cls.browser.quit)

    def setUp(self):
        call_command("load", stdout=open("/dev/null", "w"))
        self.browser.get(self.live_server_url)

    def tearDown(self):
        self.assertEqual([entry["message"] for entry in self.browser.get_log("browser")], [])

    def all(self, selector):
        return self.browser.find_elements(By.CSS_SELECTOR, selector)

    def one(self, selector):
        return self.browser.find_element(By.CSS_SELECTOR, selector)

    def picture(self, name):
        if "SCREENSHOTS" in os.environ:
            self.browser.save_screenshot(str(Path(os.environ["SCREENSHOTS"]) / f"{name}.png"))

    def submit(self):
        old = self.one("body")
        self.one("button").click()
        WebDriverWait(self.browser, 60).until(lambda _: self.is_gone(old))

    @staticmethod
    def is_gone(element):
        try:
            element.is_enabled()
        except Exception:
            return True
        return False

    def results(self):
        return [(item.find_element(By.TAG_NAME, "a").text, float(item.find_element(By.CSS_SELECTOR, ".score b").text)) for item in self.all("#results li")]

    def test_the_first_page_explains_itself(self):
        self.picture("1-start")
        self.assertEqual(self.one("#summary").text, "All 64 reports")
        self.assertEqual(len(self.all("#results li")), 64)
        self.assertEqual(self.browser.switch_to.active_element.get_attribute("name"), "q")
        self.assertEqual(self.one("label[for=q]").text, "What do you want to know?")
        self.all(".try a")[0].click()
        self.assertEqual(len(self.results()), 5)

    def test_a_question_is_typed(self):
        self.one("#q").send_keys("shepherds ill after drinking raw milk")
        self.submit()
        self.picture("2-question")
        found = self.results()
        self.assertEqual((len(found), found[0][0]), (5, "Brucellosis from unboiled goat milk"))
        self.assertEqual([s for _, s in found], sorted((s for _, s in found), reverse=True))
        self.assertIn("5 reports closest in meaning", self.one("#summary").text)
        # Why: one sentence of each is marked.
        marked = [[mark.text for mark in item.find_elements(By.TAG_NAME, "mark")] for item in self.all("#results li")]
        self.assertEqual([len(marks) for marks in marked], [1] * 5)
        self.assertIn("goat milk", marked[0][0])
        # The bars are as long as the numbers say.
        for item, (_, similarity) in zip(self.all("#results li"), found):
            bar = item.find_element(By.CLASS_NAME, "bar")
            share = bar.find_element(By.TAG_NAME, "i").size["width"] / bar.size["width"]
            self.assertAlmostEqual(share, similarity, delta=0.02)

    def test_a_question_and_a_region(self):
        self.one("#q").send_keys("dirty drinking water")
        Select(self.one("select[name=region]")).select_by_visible_text("Southern Plains")
        self.submit()
        self.picture("3-hybrid")
        self.assertIn("only Southern Plains", self.one("#summary").text)
        self.assertTrue(all("Southern Plains" in facts.text for facts in self.all("#results .facts")))
        self.assertEqual(len(self.results()), 5)
        # Both are still there to be changed.
        self.assertEqual(self.one("#q").get_attribute("value"), "dirty drinking water")
        self.assertEqual(Select(self.one("select[name=region]")).first_selected_option.text, "Southern Plains")

    def test_filters_alone(self):
        Select(self.one("select[name=disease]")).select_by_visible_text("Cholera")
        self.submit()
        self.assertEqual(self.one("#summary").text, "6 of 64 reports: Cholera")
        self.assertEqual(self.all(".score"), [])
        Select(self.one("select[name=year]")).select_by_visible_text("2021")
        Select(self.one("select[name=region]")).select_by_visible_text("Highlands")
        self.submit()
        self.picture("4-nothing")
        self.assertIn("No report matches Highlands, Cholera, 2021", self.one(".empty").text)

    def test_similar_reports_and_the_overview(self):
        self.browser.find_element(By.LINK_TEXT, "Anthrax in a village of herders").click()
        self.picture("5-report")
        self.assertEqual(self.results()[0][0], "Skin anthrax after a cow was slaughtered")
        self.browser.find_element(By.LINK_TEXT, "Repeated and unusual reports").click()
        self.picture("6-overview")
        self.assertTrue(self.all("#pairs li") and self.all("#unusual li"))

    def test_a_narrow_screen_needs_no_sideways_scrolling(self):
        self.browser.set_window_size(500, 900)
        self.one("#q").send_keys("fever")
        self.submit()
        self.picture("7-narrow")
        width = self.browser.execute_script("return [document.documentElement.scrollWidth, window.innerWidth]")
        self.assertLessEqual(width[0], width[1])
        self.browser.set_window_size(1100, 1250)
