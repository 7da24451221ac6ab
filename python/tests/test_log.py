"""The log: what is asked for counts, and glog's variables for the rest."""

import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.needs_library


def logged(script, **variables):
    """What a script writes to standard error."""
    folder = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    environment = {k: v for k, v in os.environ.items() if not k.startswith("GLOG_")}
    environment.update(variables, PYTHONPATH=folder)
    run = subprocess.run(
        [sys.executable, "-c", "import caffe\n" + script], env=environment, capture_output=True, text=True, timeout=60, check=True
    )
    return run.stderr


def test_without_arguments_glogs_variables_stay():
    assert "hello" in logged("caffe.init_log(); caffe.log('hello')")
    assert "hello" not in logged("caffe.init_log(); caffe.log('hello')", GLOG_minloglevel="2")
    assert "hello" not in logged("caffe.init_log(stderr=True); caffe.log('hello')", GLOG_minloglevel="1")


def test_a_level_counts_more_than_glogs_variable():
    assert "hello" in logged("caffe.init_log(0); caffe.log('hello')", GLOG_minloglevel="2")
    assert "hello" not in logged("caffe.init_log(1); caffe.init_log(2, True); caffe.log('hello')")


def test_a_folder_for_log_files_stays(tmp_path):
    logged("caffe.init_log(0); caffe.log('hello')", GLOG_log_dir=str(tmp_path))
    assert any("hello" in path.read_text() for path in tmp_path.iterdir())


def test_a_level_that_is_none_is_refused():
    assert "level is 4" in logged("try: caffe.init_log(4)\nexcept ValueError as e: import sys; print(e, file=sys.stderr)")
