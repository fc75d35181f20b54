"""The composition root: resolves names, builds objects, walks the stages.

================  ===============================================================================
module            its whole job
================  ===============================================================================
``filling``       from what a user wrote to a whole task, checked down to plugins' options
``placing``       mistakes of lower rooms told with the line of the task
``cautions``      what is allowed and still deserves a word
``preparing``     the data stage: samples, split, scaling, symmetry
``assembly``      from names to networks and loss terms
``rehearsing``    a first pass through everything, before a run writes anything
``interruption``  Ctrl-C while weights change
``threads``       how many threads training takes on a CPU
``calibrating``   the self-check's tolerance, read off real fields
``trained``       a trained model: predict
``keeping``       trained models written as a directory, and loaded again
``places``        where a trained model lies, and where a file may go
``packing``       a trained model as one file
``releasing``     one file with license, citation and provenance, for others
``finetuning``    training that starts from a trained model
``baselines``     models that scores are compared with, fitted
``deterministic`` the baseline that is a network trained on the squared error
``scoring``       the evaluate stage: the model beside its baselines
``replicating``   scores against many true outputs of one input
``picturing``     what the report shows of conditions and principal components
``designs``       inverse design, a package
``stages``        a run from the first stage to the last
``changes``       in which keys a task differs from that of a run
``directory``     the files of a run, and who may write them
``serving``       predict, evaluate and report from a finished run
``comparing``     finished runs beside each other, a package
``sweeping``      several runs of one task: sweeps and learning curves, a package
``reliability``   exceedance probabilities and quantiles of predictions
``collecting``    stores from importers and simulators
``exporting``     files of other programs, from stores
``inspecting``    stores described and checked
``estimating``    time and memory of a training, from a few of its steps
``validating``    a plan told
``starting``      a first task file
``founding``      a new plugin's distribution, a package
``progress``      what long work tells
``following``     a training followed from outside: threads, progress, a stop
================  ===============================================================================
"""
