"""What there is of each kind of component: a word -> where its class lies.

The first of a family stands where nothing is said. A new kind is a class and a line here, or no line: a study
may name an import path instead.
Nothing is imported before it is used, and no run's code fingerprint follows this table.
"""

FAMILIES = {
    # What a run reads labels of: load(run, dev_languages) -> Data.
    "labelled": {"pairs": "xltlib.components.labelled:Labelled"},
    # What encodes: a name, and how much of it training may move.
    "encoder": {"held": "xltlib.components.encoder:PretrainedEncoder"},
    # What classifies pairs: build(encoder, encoder_options, classes) -> model, loss(model) -> batch -> loss.
    "head": {
        "cross": "xltlib.components.head:Cross",
        "bi": "xltlib.components.head:Bi",
        "bi-negatives": "xltlib.components.head:BiNegatives",
        "cosine": "xltlib.components.frozen:Cosine",
        "logistic": "xltlib.components.frozen:Logistic",
    },
    # What a training draws: stream(model, data, rng) -> endless batches.
    "batches": {
        "monolingual": "xltlib.components.batches:Monolingual",
        "cross-lingual": "xltlib.components.mixed_batches:CrossLingual",
        "hybrid": "xltlib.components.mixed_batches:Hybrid",
    },
    # What a batch in several languages is made of: read(run, use), then stream(model, data, size, rng).
    "cross": {
        "labels": "xltlib.components.mixed_batches:Labels",
        "translations": "xltlib.components.mixed_batches:Translations",
        "drop": "xltlib.components.views:DropView",
        "dictionary": "xltlib.components.views:DictionaryView",
        "synonyms": "xltlib.components.views:SynonymView",
        "self": "xltlib.components.views:SelfView",
    },
    # What training sees instead of the pairs as they are: step(model, seed) -> one training step.
    "noise": {
        "none": "xltlib.components.noise:NoNoise",
        "fgm": "xltlib.components.perturbations:Fgm",
        "pgd": "xltlib.components.perturbations:Pgd",
        "freelb": "xltlib.components.perturbations:FreeLb",
        "gaussian": "xltlib.components.perturbations:Gaussian",
        "perturbation": "xltlib.components.perturbations:Gaussian",
        "uniform": "xltlib.components.perturbations:Uniform",
        "drop": "xltlib.components.word_noise:Drop",
        "synonyms": "xltlib.components.word_noise:Synonyms",
        "synonyms-copies": "xltlib.components.word_noise:SynonymCopies",
        "code-switch": "xltlib.components.word_noise:CodeSwitch",
        "mixup": "xltlib.components.augmentation:Mixup",
        "salt": "xltlib.components.augmentation:Salt",
    },
    # Adaptation during training: beside(loss, model, steps, rng) -> another loss.
    "penalty": {
        "none": "xltlib.components.penalty:NoPenalty",
        "dann": "xltlib.components.penalties:Dann",
        "coral": "xltlib.components.penalties:Coral",
        "mmd": "xltlib.components.penalties:Mmd",
        "consistency": "xltlib.components.penalties:Consistency",
        "syntax": "xltlib.components.syntax:SyntaxPenalty",
    },
    # Adaptation before training: build(encoder, encoder_options, seed) -> an AdaptationTraining.
    "adaptation": {
        "mlm": "xltlib.components.adaptation:Mlm",
        "mlm-ranking": "xltlib.components.mlm_ranking:MlmRanking",
        "tsdae": "xltlib.components.adaptation:Tsdae",
        "align": "xltlib.components.adaptation:Align",
        "syntax": "xltlib.components.syntax:Syntax",
    },
    # Adaptation after training, of vectors: fit(vectors_of) -> vectors.Turned.
    "after": {
        "none": "xltlib.components.after:NoAfter",
        "centre": "xltlib.components.vector_adaptation:Centre",
        "whiten": "xltlib.components.vector_adaptation:Whiten",
        "procrustes": "xltlib.components.vector_adaptation:Procrustes",
    },
    # What is asked of a trained model; what is measured of an adapted one.
    "scored": {"pairs": "xltlib.components.scored:Scored"},
    "measured": {"encoder": "xltlib.components.scored:Measured"},
}
PROMISED = {  # the method that tells a member of a family
    "labelled": "load",
    "head": "build",
    "batches": "stream",
    "cross": "read",
    "noise": "step",
    "penalty": "beside",
    "adaptation": "build",
    "after": "fit",
    "scored": "predict",
}
BASES = {  # what a class of one's own is a subclass of, where a family has something in common
    "labelled": "xltlib.components.labelled:Labelled",
    "encoder": "xltlib.components.encoder:PretrainedEncoder",
    "head": "xltlib.components.head:Head",
    "noise": "xltlib.components.noise:Noise",
    "penalty": "xltlib.components.penalty:Penalty",
    "adaptation": "xltlib.components.adaptation:Adaptation",
    "after": "xltlib.components.after:After",
    "scored": "xltlib.components.scored:Scored",
    "measured": "xltlib.components.scored:Measured",
}
DO_NOTHING = ("noise", "penalty", "after")  # families whose base leaves all as it is
BARE = {"encoder": "name", "labelled": "languages"}  # what a bare word says where a family has one kind
