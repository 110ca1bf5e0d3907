"""One small trained project for all tests of this room."""

import pytest

from mnistreport.options import Listener, Options
from mnistreport.pipeline import build
from tests.previewing.projects import Project


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project, its runs stored, its page and figures made; tests edit copies of it."""
    project = Project(tmp_path_factory.mktemp("trained") / "project")
    project.folder.mkdir()
    project.write()
    build(Options(project.manifest, jobs=1, pdf=False), Listener())
    return project
