"""What each error code means, where it comes from, and what to do: beside `regchoose.errors.CODES`."""

from regchoose.explain.page import Trouble

# fmt: off
TROUBLES: dict[str, Trouble] = {
    "E201": Trouble(
        "The path that a command was given leads to no file that can be read.",
        "a slip in the name, another working folder, a folder without tables, or missing permission.",
        "check the path; a pattern such as 'parts/*.csv' must be quoted so that the shell leaves it "
        "alone.",
        "regchoose recommend dta.csv    when the file is called data.csv"),
    "E202": Trouble(
        "An option, a command or the value of one is not among the legal ones.",
        "a slip, a value out of range, or two options that exclude one another. The same check holds for "
        "REGCHOOSE_ variables and keys of a configuration file.",
        "the message names the nearest legal one; `regchoose COMMAND --help` lists all.",
        "regchoose recommend data.csv --taget income"),
    "E203": Trouble(
        "The configuration file is there and cannot be understood.",
        "it is no valid TOML: a quote that is missing, a key written twice.",
        "repair the line that the message names, or leave the file out with another --config.",
        "regchoose recommend data.csv --config my.toml"),
    "E204": Trouble(
        "No column has the name of the target, or several have it.",
        "a slip, or a header that repeats a name.",
        "--target with one of the names that the message lists; `regchoose inspect DATA` shows them all.",
        "regchoose recommend data.csv --target incme"),
    "E205": Trouble(
        "The table was read as one column, and one column cannot be predicted from nothing.",
        "nearly always another delimiter than the one that was found.",
        "--delimiter with the character that separates the fields.",
        "regchoose recommend data.csv --delimiter ,    on a file that separates by ;"),
    "E206": Trouble(
        "The file to be written exists already, is the table itself, or would lie among the tables of DATA.",
        "a second run with the same -o, or -o in the folder that is read.",
        "another name or folder, or --force to write over it. The table is never written over.",
        "regchoose recommend data.csv -o result.json    twice"),
    "E207": Trouble(
        "A question has no default, and nobody can be asked.",
        "the command runs without a terminal, under CI or with --no-input.",
        "give the flag that the message names, which answers the question.",
        "regchoose sample data.csv --no-input"),
    "E208": Trouble(
        "--exclude, --keep, --group or --time names a column that is not there, or the target.",
        "a slip, or a name that changed in the file.",
        "one of the names that the message offers.",
        "regchoose recommend data.csv --exclude idd"),
    "E209": Trouble(
        "The file is of a kind that is not read.",
        "a spreadsheet, a PDF or a database rather than a table of text or Parquet.",
        "export it as CSV or Parquet.",
        "regchoose recommend book.xlsx"),
    "E210": Trouble(
        "The file or module of your own network cannot be imported, or does not hold the name given.",
        "an error in the file itself, a package that is not installed here, or a slip in the name.",
        "run `python nets.py` to see the error alone, and repair it there.",
        "regchoose recommend data.csv --network nets.py:Cnnn"),
    "E211": Trouble(
        "Your network cannot be built: calling it with (n_inputs, n_outputs, **options) fails, or gives "
        "no torch.nn.Module.",
        "other parameters than these two, an option that it lacks, or an error in its __init__.",
        "give further parameters a default, or a value with --network-options NAME=VALUE.",
        "regchoose recommend data.csv --network nets.py:NeedsDepth"),
    "E212": Trouble(
        "Your network has no parameters to train, or no weights that a penalty could be on.",
        "layers kept in a plain list, where PyTorch does not see them; or biases and normalizations "
        "alone.",
        "make the layers attributes, or use nn.ModuleList; --penalize names the weights.",
        "regchoose recommend data.csv --network nets.py:OnlyBiases"),
    "E213": Trouble(
        "For n rows your network must give n numbers, or n rows of one number a class; it gives another "
        "shape.",
        "a dimension too many, a tuple, or a reshape that counts on the size of a batch.",
        "return a tensor of shape (n, n_outputs) for any n.",
        "regchoose recommend data.csv --network nets.py:GivesATuple"),
    "E214": Trouble(
        "A command wanted a result that `regchoose recommend` has written, and got something else.",
        "another JSON file, a result that was cut or edited, or one of another schema_version.",
        "write it again: regchoose recommend DATA -o result.json",
        "regchoose report notes.json -o report.html"),
    "E215": Trouble(
        "The result is in order, and yet there is no script for what was asked.",
        "the answer rests on prior knowledge and has no strength; or the library lacks the thing: "
        "scikit-learn's networks know no L1, Keras cannot take a network of PyTorch's layers.",
        "--to pytorch, which can do all; or --resources yes, which trains and finds a strength.",
        "regchoose export result.json --to sklearn    of an Elastic Net"),
    "E216": Trouble(
        "--mlflow cannot work as things are: MLflow is not installed, or no server is named.",
        "the extra [mlflow] was not asked for at the installation, or MLFLOW_TRACKING_URI is not set.",
        "pip install 'regchoose[mlflow]', and set MLFLOW_TRACKING_URI, as for any use of MLflow. "
        "MLFLOW_EXPERIMENT_NAME and MLFLOW_RUN_NAME name the experiment (else regchoose) and the run.",
        "regchoose recommend data.csv --mlflow    where no server is named"),
    "E217": Trouble(
        "`regchoose predict` wanted the folder that `regchoose fit` has written, and got something else.",
        "a slip in the name, a fit that was broken off, an edited file, or another version's model.",
        "the same `regchoose fit` again: it goes on where it was broken off.",
        "regchoose predict data/ new.csv -o out.csv    where data/ holds tables"),
    "E218": Trouble(
        "The model was fitted with a network of your own, and that file is not there, or builds another "
        "network now.",
        "the file was moved or changed since, or the command runs in another folder.",
        "--network with the file as it was; or fit again.",
        "regchoose predict model/ new.csv -o out.csv    in another folder"),
    "E219": Trouble(
        "A model is written as ONNX where it is the built-in mlp or linear, and the package onnx is there.",
        "onnx is an extra that is not installed, or the network is your own.",
        "pip install 'regchoose[onnx]'; a network of your own is exported by torch.onnx, from its weights in "
        "weights.safetensors.",
        "regchoose fit data.csv --regularizer none -o model --onnx"),
    "E301": Trouble(
        "There is nothing to read: the file has no bytes, only blank ones, or --skip-rows leaves nothing.",
        "an export that failed, or a download that did.",
        "give a file with a table, or a smaller --skip-rows.",
        "regchoose inspect empty.csv"),
    "E302": Trouble(
        "The file names its columns and has no rows below.",
        "a query that found nothing; or a table of one row without names, taken for a header.",
        "add rows; --no-header if the first row is data.",
        "regchoose inspect header-only.csv"),
    "E303": Trouble(
        "The table has fewer rows than the folds of an experiment need.",
        "a small table.",
        "--resources no answers from prior knowledge; --folds with fewer folds needs fewer rows.",
        "regchoose recommend twelve-rows.csv"),
    "E304": Trouble(
        "The bytes are no text in the encoding that was stated, or found.",
        "a file written by older software: cp1252 on Windows, latin-1, or two files of different "
        "encodings joined together.",
        "--encoding cp1252, or what the message shows to be likely.",
        "regchoose inspect alt.csv --encoding utf-8"),
    "E305": Trouble(
        "The text holds bytes that are zero, which no text does.",
        "UTF-16 without a mark at its start, or a file that was damaged while it was written.",
        "--encoding utf-16-le where every second byte is zero; otherwise write the file again.",
        "regchoose inspect from-excel.txt"),
    "E306": Trouble(
        "The file is text of another kind, or its Parquet cannot be read.",
        "a web page saved in place of the file, JSON, or a download that ended early.",
        "export the table as CSV or Parquet; open the file in an editor to see what it is.",
        "regchoose inspect page.csv    which begins with <html>"),
    "E307": Trouble(
        "The compressed file cannot be unpacked whole, or would be larger than a machine should take.",
        "a download that ended early, or a file made to do harm.",
        "fetch or compress it again; give fewer rows where it is too large.",
        "regchoose inspect half.csv.gz"),
    "E308": Trouble(
        "Two characters would separate the fields of every row equally well.",
        "few columns, or text that holds both characters.",
        "--delimiter with the right one; the message shows both readings.",
        "regchoose inspect two-ways.csv    with rows such as 1;2,3"),
    "E309": Trouble(
        "The first row may be names or data; its cells do not tell.",
        "all columns are text, or names that are numbers.",
        "--header or --no-header.",
        "regchoose inspect words.csv    where every cell is a word"),
    "E310": Trouble(
        "A quote is opened and never closed, or stands in the middle of a field.",
        'a quote inside a field that was not doubled, as in "he said "no"".',
        "repair the line named: a quote inside a quoted field is written twice.",
        'regchoose inspect quotes.csv    with a line such as 1,"open'),
    "E311": Trouble(
        "The file had another size or time at the end of reading than at its beginning.",
        "a program is still writing it.",
        "run again once it is complete.",
        "regchoose recommend log.csv    while log.csv grows"),
    "E312": Trouble(
        "Some rows have more or fewer fields than the first one.",
        "a delimiter inside a field that is not quoted, a cut line, a title or a comment among the rows.",
        "repair the file; --on-bad-rows skip leaves at most 1 % of the rows out, --on-bad-rows pad fills "
        "short ones; --skip-rows passes over lines above the table.",
        "regchoose inspect ragged.csv    where line 7 has one comma more"),
    "E313": Trouble(
        "A mark among digits may be a decimal mark or one of thousands: 1,234 is either.",
        "every number has three digits behind its only mark.",
        "--decimal . or --decimal ,",
        "regchoose inspect prices.csv --delimiter ';'    with cells such as 1,234"),
    "E314": Trouble(
        "A row among the data is none: the header again, a comment, a total.",
        "files joined together, or a sheet made for people.",
        "take the line out of the file; the message names it.",
        "regchoose inspect joined.csv    with the names again in line 500"),
    "E315": Trouble(
        "The files of a folder or pattern do not have the same columns.",
        "another table among them, or an export that changed.",
        "a pattern that leaves this file out.",
        "regchoose inspect 'parts/*.csv'"),
    "E321": Trouble(
        "The target is the same in every row, so there is nothing to predict.",
        "another column was meant, or a filter left one class.",
        "--target with another column.",
        "regchoose recommend data.csv --target country"),
    "E322": Trouble(
        "Some rows have no target.",
        "cells that are empty or mean missing (NA, null, ?).",
        "--drop-missing-target leaves these rows out; or fill them in.",
        "regchoose recommend data.csv    where the last column has gaps"),
    "E323": Trouble(
        "The target holds infinite values.",
        "a division by zero upstream, or a number too large, such as 1e400.",
        "repair the file; --na inf --drop-missing-target leaves these rows out.",
        "regchoose recommend data.csv    with inf in the target"),
    "E324": Trouble(
        "A class has too few rows to stand in every fold.",
        "a rare class; or a target of numbers that was taken for classes.",
        "--min-class merges rare classes, --folds with fewer folds needs fewer rows, --task regression "
        "reads the target as a number.",
        "regchoose recommend data.csv    where one class has 3 rows"),
    "E325": Trouble(
        "Every column beside the target is an id, constant, empty, free text or excluded.",
        "a table of keys, or --exclude that goes too far.",
        "--keep with a column that is useful after all.",
        "regchoose recommend keys.csv"),
    "E326": Trouble(
        "A column is nearly all numbers and holds a few texts.",
        "a text that means missing and is not on the list, units, totals, or another decimal mark.",
        "--na TEXT if it means missing, --exclude or --keep COL otherwise.",
        "regchoose inspect data.csv    with the cell 'unknown' in column age"),
    "E327": Trouble(
        "The target does not fit the task that --task asks for.",
        "--task regression on text.",
        "--task classification, or another --target.",
        "regchoose recommend data.csv --target town --task regression"),
    "E328": Trouble(
        "The column of --group or --time has gaps, or puts all rows into one group.",
        "missing cells in that column, or the wrong column.",
        "give these rows a value, or name another column.",
        "regchoose recommend data.csv --group patient"),
    "E329": Trouble(
        "The column of --time has an order only if it holds numbers or dates, and it does not.",
        "text, or dates that are written in several ways.",
        "write dates as 2021-03-04, or name another column.",
        "regchoose recommend data.csv --time town"),
    "E330": Trouble(
        "A file among images cannot be read as PNG or JPEG.",
        "it is cut off, damaged, of another kind than its name says, a link to nothing, or so large unpacked "
        "that it may be meant to fill the memory.",
        "repair it, reduce it, or take it out of the folder.",
        "regchoose recommend images/    where images/cat/7.png is half a file"),
    "E331": Trouble(
        "A subfolder of a folder of images holds none: a class that cannot be learned.",
        "images of another kind than .png and .jpg, a download that is not complete, or a folder that is no "
        "class.",
        "put images into it, or take it out; names that begin with a dot or an underscore are passed over.",
        "regchoose inspect images/    where images/dog is empty"),
    "E332": Trouble(
        "An .npz file does not hold what is read: X, numbers of shape (n, d), (n, h, w), (n, h, w, c) or "
        "(n, c, h, w) with 1, 3 or 4 channels c, and y, one target for each.",
        "other names, other lengths, targets as one column a class, numbers that are not finite, or objects, "
        "which only pickle could read.",
        "np.savez_compressed('data.npz', X=X, y=y) writes it.",
        "regchoose inspect mnist.npz    which holds x_train and x_test"),
    "E333": Trouble(
        "The table lacks columns that the model was fitted on.",
        "a column that was renamed or left out, another delimiter, or the wrong table.",
        "give the table these columns, under the names that the model knows.",
        "regchoose predict model/ other.csv -o out.csv"),
    "E401": Trouble(
        "The device asked for is not visible to PyTorch.",
        "a machine without such a card, a driver that does not fit, or a PyTorch built for CPUs.",
        "--device cpu, or --device auto, which takes what is there; `regchoose doctor` says what that is.",
        "regchoose recommend data.csv --device cuda:3"),
    "E402": Trouble(
        "An output file cannot be written, or the disk is full.",
        "a folder that does not exist or is not yours, a full disk.",
        "-o with another place, or free some space; TMPDIR names the place of temporary files. "
        "An older file of the output's name is as it was.",
        "regchoose recommend data.csv -o /nowhere/result.json"),
    "E403": Trouble(
        "Memory ran out, even with the work cut into its smallest parts; or a process that tried your own "
        "network was killed twice, as the system does then.",
        "a wide table, large layers, or other programs.",
        "--rows with the number that the message says, smaller --hidden, --jobs 1.",
        "regchoose recommend wide.csv --hidden 4096,4096 --rows 100000"),
    "E404": Trouble(
        "No Dask scheduler answered at the address of --cluster in time.",
        "a slip in the address, a scheduler that is not started, a firewall between.",
        "the address that `dask scheduler` prints when it starts, with its tcp://; it must be reachable from "
        "this machine.",
        "regchoose recommend data.csv --cluster tcp://127.0.0.1:1"),
    "E405": Trouble(
        "A worker of the cluster has no regchoose, or another release of it, of PyTorch or of NumPy.",
        "an environment that was made at another time.",
        "install the same releases on all workers, and start them anew: others may round otherwise.",
        "regchoose recommend data.csv --cluster tcp://10.0.0.1:8786"),
    "E406": Trouble(
        "All workers of the cluster are gone, or one block of models ended several processes.",
        "machines that were stopped or taken back, a scheduler that ended, or too little memory.",
        "the same command again goes on from where it stopped, as what was trained is in the journal; with "
        "too little memory fewer --rows or a smaller --hidden.",
        "regchoose recommend data.csv --cluster tcp://10.0.0.1:8786"),
    "E501": Trouble(
        "More than a fifth of an arm's trainings came to no finite loss, after a second try at a tenth of "
        "the learning rate.",
        "a learning rate that is too high for the network.",
        "--lr with a smaller rate, such as --lr 0.0003.",
        "regchoose recommend data.csv --lr 1"),
    "E511": Trouble(
        "Your network raises an error in its forward or backward pass.",
        "an error in its code, which the message shows with file and line.",
        "repair it there: it must take any rows of n_inputs standardized numbers.",
        "regchoose recommend data.csv --network nets.py:RaisesInForward"),
    "E512": Trouble(
        "Your network gives values, or slopes, that are not finite on ordinary inputs.",
        "a logarithm or root of numbers that may be negative or zero, a division.",
        "guard that operation, for example by a clamp.",
        "regchoose recommend data.csv --network nets.py:TakesLogs"),
    "E513": Trouble(
        "Your network ends the whole process instead of raising an error.",
        "a call of exit, or a crash in native code.",
        "take the call out; run the file alone to see the crash.",
        "regchoose recommend data.csv --network nets.py:Exits"),
    "E514": Trouble(
        "Your network does not finish one step in the time allowed.",
        "an endless loop, a wait for something, or a network too large for this machine.",
        "make it smaller, or find the loop: run the file alone.",
        "regchoose recommend data.csv --network nets.py:Endless"),
}
# fmt: on
