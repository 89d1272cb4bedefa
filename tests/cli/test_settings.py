"""Nonsense is refused in one line, with exit status 2, before a folder or a logger is opened."""

import re
from pathlib import Path

import pytest

from longlag.cli import main

BROKEN = """
trainer.clip=-1 | trainer.clip must be greater than 0 or null, not -1
trainer.clip=0 | greater than 0 or null
trainer.clip=nan | trainer.clip must be a finite number or null, not nan
trainer.clip=inf | finite
trainer.clip=abc | valid number
trainer.clip=true | valid number
trainer.batch_size=0 | trainer.batch_size must be at least 1, not 0
trainer.batch_size=2.5 | valid integer
trainer.batch_size=null | valid integer
trainer.batch_size=[4] | valid integer
trainer.batch_size='8' | valid integer
trainer.max_steps=0 | at least 1
trainer.max_steps=-50 | at least 1
trainer.max_steps=55 | trainer.max_steps=50 or trainer.validate_every=55
trainer.max_steps=1e3 | valid integer
trainer.validate_every=0 | trainer.validate_every must be
trainer.validate_every=3000 | multiple of trainer.validate_every
trainer.validation_size=0 | trainer.validation_size must be
trainer.test_size=0 | trainer.test_size must be
trainer.test_size=true | valid integer
trainer.stop_when_solved=1 | valid boolean
trainer.patience=0 | at least 1 or null
trainer.accelerator=fpga | 'cpu', 'gpu'
trainer.accelerator=gpu | trainer.accelerator=cpu
trainer.accelerator=mps | trainer.accelerator=cpu
trainer=nothing | unknown trainer 'nothing'
trainer.max_step=3 | did you mean 'trainer.max_steps'
++trainer.devices=2 | unknown key 'trainer.devices'
+trainer.devices=2 | unknown key 'trainer.devices'
~trainer.clip | trainer.clip
seed=1.5 | seed must be a valid integer
seed=x | seed must be a valid integer, not 'x'
seed=-1 | seed must be at least 0
seed=null | seed must be a valid integer
seed=9223372036854775808 | seed must be at most
seeds.init=0.1 | seeds.init must be a valid integer
seeds.data=[] | seeds.data must be
+seeds.probe=1 | unknown key 'seeds.probe'
budget=nan | budget must be a valid integer, not nan
budget=0 | budget must be
budget=3 | larger budget
match=size | match must be 'params', 'state' or 'none', not 'size'
match=none | match=none with a model.hidden_size
match=none model.hidden_size=0 | model.hidden_size must be
match=none model.hidden_size=2.5 | model.hidden_size must be
model.hidden_size=5 | match=none with a model.hidden_size
model.layers=0 | model.layers must be
model.layers=two | model.layers must be
model.dropout=1.0 | less than 1
model.dropout=-0.1 | model.dropout must be
model.backend=fast | fast
model.backend=3 | 3
++model.width=3 | unknown key 'model.width'
threads=0 | threads must be
threads=many | threads must be
results= | results
+colour=red | unknown key 'colour'
++colour.dark=red | colour
lr=0.1 | did you mean 'optim.lr'
optim.lr=abc | optim.lr must be a valid number or null, not 'abc'
optim.lr=0 | optim.lr must be greater than 0
optim.lr=-0.01 | optim.lr must be greater than 0
optim.lr=nan | optim.lr must be a finite number
optim.lr=inf | optim.lr must be a finite number
optim.lr | write key=value
optim=adagrad | unknown optim 'adagrad'
+optim.nothing=1 | unknown key 'optim.nothing'
+optim.weight_decay=-1 | weight_decay
+optim.weight_decay=x | optim.weight_decay must be
cell=lsmt | did you mean 'lstm'
cell.forget_bias=high | cell.forget_bias must be
+cell.colour=red | unknown key 'cell.colour'
cell.chrono=1 | at least 3 steps
task=ading | did you mean 'adding'
task.length=0 | length must be at least 2
task.length=abc | task.length must be a whole number, not 'abc'
task.length=2.5 | task.length must be a whole number
task.length=true | task.length must be a whole number
task.length=null | task.length must be a whole number
+task.lenght=5 | did you mean 'task.length'
task._target_=my_tasks.Nothing | my_tasks
cell._partial_=false | _partial_: true
probe.sequences=x | probe.sequences must be
+probe.colour=red | unknown key 'probe.colour'
probe=loud | unknown probe 'loud'
logger=aim | unknown logger 'aim'
+logger.colour=red | unknown key 'logger.colour'
logger.mode=maybe | logger.mode must be
executor.workers=none | executor.workers must be
study=nothing | unknown study 'nothing'
cell=[lstm] | cell must be one name
cell=null | cell
cell._target_=longlag.tasks.Adding | cell
task._target_=longlag.cells.LSTM | task
optim._target_=torch.nn.Linear | optim
model.backend=scan | runs linear cells only
model.layers=100000 | model.layers must be
task.length=1000000000000 | allocate
seed=range(0) | names no value
seed=range(1,2,0) | must not be zero
seed=interval(0,1) | no list of values
hydra.run.dir=x | has no effect
hydra/launcher=joblib | has no effect
seed=${nothing} | nothing
cell | write key=value
=3 | write key=value
a{b=3 | a{b
"""
CASES = [line.split(" | ", 1) for line in BROKEN.strip().splitlines()]


@pytest.mark.parametrize(("words", "said"), CASES, ids=[words for words, _ in CASES])
def test_a_broken_setting_is_one_line_and_leaves_nothing_behind(
    words: str, said: str, capsys, tmp_path: Path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    assert main(["train", *words.split()]) == 2
    line = capsys.readouterr().err.strip()
    assert line.startswith("longlag: error: ") and "\n" not in line
    assert said in line
    assert not re.search("Traceback|Error:|Exception", line)
    assert not list(tmp_path.iterdir())


ODD = ("jürgen", "a,b", "it's", 'say "x"', "a=b", "c#4", "two words", "日本", "a{b}", "(c)", "[d]")


@pytest.mark.parametrize("name", ODD)
def test_any_folder_that_a_user_can_make_works(name: str, tmp_path: Path, capsys):
    place = tmp_path / name
    (place / "cell").mkdir(parents=True)
    text = "# Mine.\n_target_: longlag.cells.Elman\n_partial_: true\nnonlinearity: tanh\n"
    (place / "cell" / "mine.yaml").write_text(text)
    from tiny import TINY

    words = ["train", "--config-dir", str(place), "cell=mine", *TINY, "logger=none", "probe=off"]
    assert main([*words, f"results={place}"]) == 0, capsys.readouterr().err
    assert len(list(place.glob("single/mine-*/record.json"))) == 1
