"""The topics: the mathematics in a screen each, with what the charts' articles say of it, in our words.

Formulas follow Zou & Hastie (2005) and are those of `regchoose.training.penalty`.
"""

from regchoose.explain.page import Page

# fmt: off
TOPICS: dict[str, Page] = {
    "none": Page("No regularization", (
        "The weights are fitted to the loss alone:",
        "  J(w) = (1/n) Σ loss",
        "That is right where a table has many rows for each weight, or where the fit is limited by "
        "something else: few features, a small network, early stopping. Early stopping regularizes too: a "
        "network that is stopped in time has small weights without any penalty. So regchoose tunes the "
        "length of training in this arm as in the others; without that, 'none' loses on nearly every "
        "table.",
        "It misleads where the training loss goes on falling while the loss on other rows rises: then the "
        "network learns its rows by heart. The curves in the report show it.",
        "'none' is also the answer where no arm makes a practical difference: the simplest one is then "
        "enough.",
    ), ("early-stopping", "l2", "safe")),
    "l1": Page("L1 (Lasso)", (
        "The sum of the absolute weights is added to the mean loss:",
        "  J(w) = (1/n) Σ loss + l1·Σ|w|     slope: ±l1, for any size of w",
        "Why it gives zeros: the pull towards zero is as strong on a tiny weight as on a large one. A "
        "weight whose use to the loss is smaller than l1 is pulled all the way, and stays: at zero the "
        "slope of |w| may be anything from −l1 to l1. Seen as a budget, Σ|w| ≤ t is a diamond. The loss "
        "touches it first at a corner more often than not, and at a corner some weights are zero.",
        "  w ← sign(w)·max(|w| − η·l1, 0)    the step that makes zeros exact",
        "Plain gradient steps on |w|, as in most libraries, only hop around zero. regchoose takes the "
        "step above.",
        "It helps where few of many features matter: the fit can be read, since the features that are "
        "left are the ones in use. It misleads where features are correlated (of a group it keeps one, "
        "more or less by chance, and drops information that belongs together), where everything matters a "
        "little (pixels), and with more features than rows, where a linear Lasso keeps at most as many "
        "features as there are rows.",
    ), ("l2", "elastic-net", "strength")),
    "l2": Page("L2 (Ridge)", (
        "The sum of the squared weights is added to the mean loss:",
        "  J(w) = (1/n) Σ loss + l2·Σw²       slope: 2·l2·w, less as w falls",
        "Why it gives no zeros: the pull fades with the weight. Each step takes off a share of what is "
        "left, like halving again and again, and that never arrives. Seen as a budget, Σw² ≤ t is a ball: "
        "it has no corners, so the loss touches it where no weight is zero.",
        "It helps where features are correlated: they share the weight, instead of one taking all. And "
        "where the entire picture counts, as in images. It misleads where most features are noise: all of "
        "them stay in, a little, and with many features the fit cannot be read.",
        "In PyTorch, weight_decay of SGD and Adam is this penalty, with weight_decay = 2·l2. AdamW's "
        "weight decay is another thing: it shrinks weights apart from the loss. scikit-learn's networks "
        "divide their alpha by the rows of a batch; `regchoose export` does that sum for you.",
    ), ("l1", "elastic-net", "strength")),
    "elastic-net": Page("Elastic Net (L1 + L2)", (
        "Both penalties at once:",
        "  J(w) = (1/n) Σ loss + l1·Σ|w| + l2·Σw²\n"
        "  l1 = strength·(1 − alpha)   l2 = strength·alpha",
        "The budget is a diamond with bulging sides: it keeps the corners, so there are zeros, and "
        "between them it is round, so correlated features come in and go out together (the grouping "
        "effect). That is what Zou & Hastie (2005) made it for.",
        "Naive and corrected: in a linear model both penalties shrink, so weights are shrunk twice. Zou & "
        "Hastie call that fit naive and multiply its weights by (1 + λ2) to undo one of the two. The "
        "correction is the algebra of linear models with standardized features; later software dropped "
        "it, and for networks it means nothing, so regchoose does not apply it. The strengths it finds "
        "are those of the naive form, which every library has.",
        "It helps where nothing is known: it can lean to either side. It costs more, because two "
        "strengths are to be tuned. It misleads where the mix is bad, or where it wins by a hair over a "
        "single penalty that is simpler; the answer says so where that is the case.",
    ), ("alpha", "l1", "l2")),
    "alpha": Page("alpha, the mix of Elastic Net", (
        "  l1 = strength·(1 − alpha)      alpha = 0 is L1 (Lasso)\n"
        "  l2 = strength·alpha            alpha = 1 is L2 (Ridge)",
        "This is the alpha of the article behind the first chart. Beware of namesakes: scikit-learn's "
        "l1_ratio runs the other way (1 is Lasso, and its L2 part is halved), and its alpha is the "
        "strength of the whole.",
        "  --alpha 0.5                    fixes the mix; only the strength is then tuned\n"
        "  --alphas 0.1,0.5,0.9           the mixes that are tried",
    ), ("elastic-net", "strength")),
    "strength": Page("Strength, lambda", (
        "How much the penalty counts against the loss. regchoose's strengths are always of the mean loss, "
        "in natural units: log loss in nats, or squared error of the target divided by its standard "
        "deviation. Double the rows, and the loss still has the same size.",
        "They are tuned on a grid over four decades below an upper end that the table gives, and chosen "
        "on rows that do not judge. Where the best lies at the edge of the grid, the grid grows.",
        "More rows need less penalty. Strengths found on a subsample of m rows are moved to all n rows: "
        "l2 by m/n, and l1 by the square root of m/n where the fit is sparse, by m/n where it is dense. "
        "The answer shows both.",
        "  --l1 0.003   --l2 0.01         fix a strength, for the subsample\n"
        "  --strengths 13                 a finer grid",
    ), ("alpha", "subsample")),
    "early-stopping": Page("Early stopping", (
        "A network is not trained to its end but stopped when the loss on other rows is lowest. Weights "
        "start small and grow as they are trained, so stopping early keeps them small: it regularizes, "
        "and competes with the penalties. Compare arms at one fixed length, and the answer is the length: "
        "train long enough, and 'none' loses on nearly any table.",
        "So the epoch is tuned like the strength, in all four arms alike, and belongs to the "
        "recommendation ('about 40 epochs'). The learning rate falls to 0 as a cosine over the whole "
        "schedule; stopping breaks it off.",
        "  --stopping fixed               train all arms to the end, as in the article\n"
        "  --epochs 200                   a longer schedule",
        "What a fixed length would have said stands in the answer either way.",
    ), ("none", "strength")),
    "safe": Page("safe", (
        "The probability that the recommended arm is as good as the best of the four, up to a difference "
        "that does not matter in practice (the rope). It comes from 20,000 draws of the four mean losses: "
        "in each draw the arm either lies within the rope of the best, or not.",
        "It is not the probability that the arm is the best: two arms that are alike are both safe. And "
        "it says nothing about the size of the gain, which has an interval of its own.",
        "The draws rest on cross-validation, whose cells share rows; their variance is corrected for that "
        "(Nadeau & Bengio 2003). For mlp and linear models on 100 to 1,000 rows they also know how far "
        "tuned penalties usually lie apart, learned from tasks with known truth: of the answers called "
        "firm on other tasks, 99 % were right. Where that holds, the answer says calibrated.",
    ), ("certainty", "rope")),
    "certainty": Page("Certainty: firm, leaning, undecided, prior", (
        "  firm         safe is at least 0.95\n"
        "  leaning      safe is at least 0.80\n"
        "  undecided    less: the difference drowns in noise; one is named all the same\n"
        "  prior        nothing was trained; it rests on what is known of the data",
        "Where a first look is undecided and the table has more rows, a second and a third look are taken "
        "on twice as many; each is then held to a stricter bound, so that looking again does not make it "
        "too easy.",
        "An answer of the kind 'prior' is right in at most 60 % of cases. It has no strength, and cannot "
        "be exported.",
    ), ("safe", "subsample")),
    "which-regularizer": Page("The first chart: which regularizer?", (
        "From 'Which regularizer do I need for training my neural network?' (MachineCurve, 2020). With a "
        "subsample that is like the whole, and time to train, it tries: Elastic Net against none; if that "
        "is better, L1 against Elastic Net; if it is worse, L2 against none. Without, it asks what is "
        "known: correlated features or the need of the entire picture speak for L2, otherwise L1; and if "
        "nothing is known, Elastic Net.",
        "Its blind spot: where Elastic Net wins it never tries L2, and where it loses never L1. So the "
        "arm that was skipped is trained afterwards, and you are told if it did better (--decide best "
        "recommends it).",
        "  regchoose flowchart            draws it\n"
        "  --subsample --resources --prior-knowledge --correlated --entire-picture",
    ), ("three-questions", "subsample", "certainty")),
    "three-questions": Page("The second chart: three questions", (
        "From the article's companion on L1, L2 and Elastic Net. It asks how much you know (is the data "
        "very sparse already, or full of correlations? then L2; neither? then L1), how much room there is "
        "for validation (then it trains, as the first chart does), and what your hardware bears: at its "
        "limit, Elastic Net with its two strengths costs too much, and a weak reason decides between L1 "
        "and L2; otherwise Elastic Net.",
        "  regchoose recommend DATA --chart three-questions\n"
        "  --needs-regularization --sparse --correlated --resources --at-limit",
    ), ("which-regularizer", "elastic-net")),
    "subsample": Page("The subsample", (
        "The experiment does not need all rows of a large table, but rows that are like the whole: same "
        "mean, same variance, same shares of classes and levels. regchoose draws 200 random samples "
        "within strata and keeps the one whose moments are nearest to those of all rows (rerandomization; "
        "Morgan & Rubin 2012). It stays a random sample, so rows that judge are not unusually easy, as "
        "they would be in a sample that spreads evenly.",
        "The proof is a list of checks, each with its limit: standardized difference of the means, ratio "
        "of the variances, distance of the distributions, shares. Where one fails, the chart's answer is "
        "no.",
        "  regchoose sample DATA --rows 2000 -o sample.csv    writes it\n"
        "  --rows 8000                                        sets its size",
    ), ("strength", "which-regularizer")),
    "images": Page("Images", (
        "DATA may be a folder of images with a subfolder for each class (.png, .jpg), or an .npz file with X "
        "and y: X of shape (n, h, w), (n, h, w, c) or (n, c, h, w), c of 1, 3 or 4. X of shape (n, d) is a "
        "table of numbers.",
        "Images become one size, the commonest, and at most 32 pixels long and wide: an experiment trains "
        "hundreds of small networks. Transparent ones are laid on white. Each channel is standardized as a "
        "whole.",
        "The network is a small convolutional one, unless --network names another: two convolutions of 3 × 3 "
        "with stride 2, and a linear layer. Its kernels and weights are penalized. The chart's question for "
        "the entire picture is answered yes, since an image is seen as a whole.",
        "  --image-size 64                        more pixels; four times the work of 32\n"
        "  --network cnn --network-options channels=16\n"
        "  regchoose sample DATA --rows 2000 -o sample.npz\n"
        "  regchoose fit DATA --from result.json -o model\n"
        "  regchoose predict model NEW -o out.csv     a folder, one image, or .npz",
    ), ("subsample", "l2")),
    "skorch": Page("A recommendation in skorch", (
        "configs/recipes has an optimizer to copy, proximal_adam.py: Adam with the penalty as regchoose "
        "trains it, so that L1 gives exact zeros. In skorch:",
        "  best = json.load(open(\"result.json\"))[\"recommendation\"]\n"
        "  penalty = {\"l1\": best[\"l1\"], \"l2\": best[\"l2\"]}\n"
        "  NeuralNetClassifier(\n"
        "      module,\n"
        "      optimizer=ProximalAdam,\n"
        "      optimizer__param_groups=[(\"*.weight\", penalty)],\n"
        "      lr=best[\"training\"][\"lr\"],\n"
        "      batch_size=best[\"training\"][\"batch\"],\n"
        "      max_epochs=best[\"training\"][\"stop_epoch\"],\n"
        "  )",
        "The pattern is for the weights alone: leave normalizations out. The rate falls to 0 as a cosine "
        "over schedule_epochs; configs/recipes/in_skorch.py is the whole script. Where L2 alone is "
        "recommended, torch.optim.Adam with weight_decay = 2·l2 in that group is the same.",
    ), ("lightning", "l1", "strength")),
    "lightning": Page("A recommendation in Lightning", (
        "configs/recipes has an optimizer to copy, proximal_adam.py: Adam with the penalty as regchoose "
        "trains it, so that L1 gives exact zeros. In a LightningModule:",
        "  def configure_optimizers(self):\n"
        "      penalty = {\"l1\": best[\"l1\"], \"l2\": best[\"l2\"]}\n"
        "      weights = [w for w in self.parameters() if w.ndim > 1]\n"
        "      biases = [b for b in self.parameters() if b.ndim == 1]\n"
        "      groups = [{\"params\": weights, **penalty}, {\"params\": biases}]\n"
        "      return ProximalAdam(groups, lr=best[\"training\"][\"lr\"])",
        "where best is the recommendation of the result. max_epochs of the Trainer is its stop_epoch; the "
        "rate falls to 0 as a cosine over schedule_epochs. configs/recipes/in_lightning.py is the whole "
        "script.",
        "The loss stays without the penalty: that is the optimizer's part. So the loss you log is the one "
        "that arms are compared on.",
    ), ("skorch", "l1", "strength")),
    "rope": Page("rope, the region of practical equivalence", (
        "Losses that differ by less than this are alike for all practical purposes. By default it is a "
        "hundredth of what a model loses that knows only the class shares, or the mean, but at most two "
        "hundredths of what 'none' loses; --rope sets it in units of the loss.",
        "Each comparison is then three probabilities: better, alike, worse. 'No practical difference' is "
        "an answer, and a frequent one: regularization often changes little.",
        "  --rope 0.01        differences of the loss up to this do not matter",
    ), ("safe", "certainty")),
}
# fmt: on
ALIASES = {
    "lasso": "l1",
    "npz": "images",
    "cnn": "images",
    "pytorch-lightning": "lightning",
    "ridge": "l2",
    "l1l2": "elastic-net",
    "l1+l2": "elastic-net",
    "elastic_net": "elastic-net",
    "elasticnet": "elastic-net",
    "lambda": "strength",
    "l1_ratio": "alpha",
    "weight_decay": "l2",
    "firm": "certainty",
    "leaning": "certainty",
    "undecided": "certainty",
    "prior": "certainty",
    "epochs": "early-stopping",
    "chart": "which-regularizer",
}
