"""The code of a model card: complete, to be run in the folder of the model."""

CROSS = """\
from sentence_transformers import CrossEncoder

model = CrossEncoder(".")  # this folder
pairs = [("A first sentence .", "A second one .")]
probabilities = model.predict(pairs, apply_softmax=True)
print(list(model.config.id2label.values()), probabilities)
"""

CLASSIFIER = """\
import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained(".")  # this folder
model = AutoModelForSequenceClassification.from_pretrained(".").eval()
first, second = ["A first sentence ."], ["A second one ."]
inputs = tokenizer(first, second, truncation=True, padding=True, return_tensors="pt")
with torch.inference_mode():
    probabilities = model(**inputs).logits.softmax(-1)
print(list(model.config.id2label.values()), probabilities)
"""

ENCODER = """\
from sentence_transformers import SentenceTransformer

model = SentenceTransformer(".")  # this folder
vectors = model.encode(["A first sentence .", "A second one ."])
print(vectors @ vectors.T)  # cosines: the vectors are of unit length
"""

COSINE = """\
import json
import torch
from sentence_transformers import SentenceTransformer

model = SentenceTransformer(".")  # this folder
head = json.load(open("head.json", encoding="utf-8"))
first, second = ["A first sentence ."], ["A second one ."]
u, v = (model.encode(side, convert_to_tensor=True) for side in (first, second))
p = torch.sigmoid(head["sharpness"] * ((u * v).sum(1) - head["threshold"]))
probabilities = torch.stack([1 - p, p], dim=1)
print(head["classes"], probabilities)
"""

BI = """\
import json
import torch
from safetensors.torch import load_file
from sentence_transformers import SentenceTransformer

model, head = SentenceTransformer(".", device="cpu"), load_file("head.safetensors")  # of this folder
first, second = ["A first sentence ."], ["A second one ."]
u, v = (model.encode(side, convert_to_tensor=True) for side in (first, second))
compared = torch.cat([u, v, (u - v).abs(), u * v], dim=1)
hidden = torch.tanh(compared @ head["hidden.weight"].T + head["hidden.bias"])
scores = hidden @ head["scores.weight"].T + head["scores.bias"]
probabilities = scores.softmax(dim=1)
print(json.load(open("head.json", encoding="utf-8"))["classes"], probabilities)
"""

LOGISTIC = """\
import json
import numpy as np
from safetensors.numpy import load_file
from scipy.special import softmax
from sentence_transformers import SentenceTransformer

model, head = SentenceTransformer("."), load_file("head.safetensors")  # of this folder
first, second = ["A first sentence ."], ["A second one ."]
u, v = (model.encode(side) for side in (first, second))
u, v = (side / np.linalg.norm(side, axis=1, keepdims=True) for side in (u, v))  # to the last digit
compared = np.concatenate([u, v, abs(u - v), u * v], axis=1)
scores = (compared - head["mean"]) / head["scale"] @ head["weight"].T + head["bias"]
probabilities = softmax(scores, axis=1)
print(json.load(open("head.json", encoding="utf-8"))["classes"], probabilities)
"""

OF = {"cross": CROSS, "bi": BI, "cosine": COSINE, "logistic": LOGISTIC, "encoder": ENCODER}
