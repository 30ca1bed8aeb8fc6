"""Builds the package `iaminsights`.

The checkout keeps what users edit (templates, reports, metadata.yml) at its top level; the
wheel carries copies of it inside the package, under site/.
"""

import re
import shutil
import subprocess
import sys
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py
from setuptools.command.develop import develop
from setuptools.command.sdist import sdist

HERE = Path(__file__).parent
SITE = ("metadata.yml", "canned_queries", "templates")
SUB_PACKAGES = [
    "." + ".".join(folder.parent.relative_to(HERE / "collector").parts)
    for folder in sorted((HERE / "collector").glob("*/**/__init__.py"))
]


class BuildWithSite(build_py):
    def run(self):
        super().run()
        if self.editable_mode:  # an editable install reads them where they are
            return
        target = Path(self.build_lib) / "iaminsights" / "site"
        target.mkdir(parents=True, exist_ok=True)
        for name in SITE:
            source = HERE / name
            if source.is_dir():
                shutil.rmtree(target / name, ignore_errors=True)
                shutil.copytree(source, target / name)
            else:
                shutil.copy2(source, target / name)


class SourceWithSite(sdist):
    def make_distribution(self):
        for name in SITE:
            source = HERE / name
            files = source.rglob("*") if source.is_dir() else [source]
            self.filelist.extend(str(f.relative_to(HERE)) for f in files if f.is_file())
        super().make_distribution()


class ModernEditable(develop):
    """What an old pip runs for `pip install -e .`: it knows no mapped packages, so ask a newer way.

    Recent versions of setuptools do the same by themselves.
    """

    def run(self):
        pip = [sys.executable, "-m", "pip", "install", "--use-pep517", "--no-deps"]
        subprocess.check_call([*pip, "--editable", str(HERE.resolve())])


version = re.search(r'__version__ = "(.+)"', (HERE / "collector/__init__.py").read_text()).group(1)

setup(
    name="iaminsights",
    version=version,
    description="Who can do what in an IBM Cloud account: collect, publish and report",
    long_description=(HERE / "README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    license="Apache-2.0",
    python_requires=">=3.10",
    package_dir={
        "iaminsights": "collector",
        "iaminsights_plugins": "plugins",
    },
    packages=[
        *(f"iaminsights{name}" for name in ("", *SUB_PACKAGES)),
        "iaminsights_plugins",
    ],
    package_data={
        "iaminsights": ["views/*.sql"],
        "iaminsights.escalation": ["*.yml"],
        "iaminsights.facts": ["*.sql"],
        "iaminsights.store": ["*.sql"],
        "iaminsights.trial": ["*.json"],
    },
    cmdclass={"build_py": BuildWithSite, "sdist": SourceWithSite, "develop": ModernEditable},
    install_requires=[
        "click>=8.1",
        # Datasette 1.0 has neither queries in a metadata file nor the hooks the plugin uses.
        "datasette>=0.65.5,<1.0",
        # 0.7 no longer draws charts on the pages of canned queries.
        "datasette-vega>=0.6.2,<0.7",
        # These two come with Datasette; the site's pages are made with them.
        "jinja2>=3.1",
        "markupsafe>=2.1",
        # Comes with Datasette; reads the headers of reports and facts, writes metadata.yml.
        "pyyaml>=5.3",
        "requests>=2.32",
        "sqlite-utils>=4.2,<5",
        # Comes with requests, which would also take a version that lets bodies be cut short.
        "urllib3>=2",
    ],
    extras_require={
        "test": [
            "axe-playwright-python>=0.1.8",  # brings axe-core, which finds what keeps people out
            "datasette-auth-passwords>=1.1.1",  # docs/publishing.md describes it
            "hypothesis",
            "ibm-platform-services",  # IBM's own client is the judge of the sandbox
            "mypy",  # strict, see .mypy.ini
            "jsonschema",  # holds SARIF files against the schema of OASIS
            "playwright",
            "pytest",
            "pytest-xdist",  # both cores, or the tests take a quarter of an hour
            "ruff",
            "types-PyYAML",
            "types-requests",
        ]
    },
    entry_points={
        "console_scripts": ["iaminsights = iaminsights.cli:main"],
        # Named like the file, ending included: Datasette then knows the plugin of the checkout's
        # plugins/ folder and the installed one as the same, and registers it once. It registers
        # those beside it, so that a checkout that was updated needs no new installation.
        "datasette": ["iaminsights.py = iaminsights_plugins.iaminsights"],
    },
    classifiers=[
        "Environment :: Console",
        "Framework :: Datasette",
        "Programming Language :: Python :: 3",
        "Topic :: Security",
    ],
)
