"""Words weighted by how rare they are, and logistic regression: word order is not looked at."""

from _shared.plain import both
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

import harness


class Model(harness.Model):
    def fit(self, train, validation):
        everything = both(train, validation)
        self.pipeline = make_pipeline(
            TfidfVectorizer(sublinear_tf=True, stop_words="english", min_df=2),
            LogisticRegression(class_weight="balanced", max_iter=1000),
        ).fit(everything.inputs, everything.targets)

    def predict(self, inputs):
        return self.pipeline.predict_proba(inputs)
