@0xa8c1f0d3b5e7924c;
# A job graph: which actors, how many, with what data, rewards and algorithm. The YAML file that a
# user writes is decoded into this schema, so this page is the reference: names are written
# lower_snake there (`maxLag` here is `max_lag` there), and what the file does not say has the
# default given here. File names are relative to the job graph's folder.

using Cxx = import "/capnp/c++.capnp";
using Config = import "/runtime/config/doc.capnp";
$Cxx.namespace("tramontane::schema");

struct Job {
  name @0 :Text = "job" $Config.doc("what the run is called in listings and folder names");
  seed @1 :UInt64 = 0 $Config.doc("every random draw of the run derives from it");
  model @2 :Model $Config.doc("the policy to train");
  data @3 :Data $Config.doc("the problems");
  stages @4 :List(Stage) $Config.doc("what is done with the model, in order");
  actors @5 :Actors $Config.doc("who does it");
  alarms @6 :Alarms $Config.doc("when something about the run is an alarm; a bound of 0 switches its rule off");
}

struct Model {
  preset @0 :Text $Config.doc("a built-in shape trained from scratch: {presets}");
  path @1 :Text $Config.doc("instead of preset: a Hugging Face folder (config.json, *.safetensors, tokenizer.json)");
  context @2 :UInt32 = 0 $Config.doc("positions at most; 0: what the preset or checkpoint says");
  tokens @3 :Tokens $Config.doc("with preset: the vocabulary");
  serving @4 :Serving = float32 $Config.doc("what matrices are decoded with, and log-probabilities computed from; the trainer's own weights and checkpoints are float32 in either");

  enum Serving {
    float32 @0 $Config.doc("the trainer's weights as they are");
    bfloat16 @1 $Config.doc("rounded to the nearest in each version: half the memory, and half of what goes to generators; sums stay float32");
  }
}

struct Tokens {
  special @0 :List(Text) $Config.doc("special tokens in the order of their ids; must hold <pad> and <eos>");
  characters @1 :Text $Config.doc("every character that is a token, in the order of their ids");
}

struct Data {
  prompts @0 :Text $Config.doc("JSONL: one {\"prompt\", \"answer\"} a line, to learn from");
  heldout @1 :Text $Config.doc("JSONL: the same, never learnt from, for evaluation");
  promptField @2 :Text = "prompt" $Config.doc("what your files call the prompt: a text, or a list of messages; a.b is b in the object a");
  answerField @3 :Text = "answer" $Config.doc("what your files call the answer; a list is of accepted answers; an object (the tests of a code problem) is taken as JSON");
  answerAfter @6 :Text $Config.doc("the answer is what stands behind the last of this in the field, like #### in GSM8K; nothing: all of it");
  chat @4 :Chat = auto $Config.doc("how a prompt is put to the model, in every stage and evaluation");
  system @5 :Text $Config.doc("with chat: the system prompt; nothing: one that asks for thinking between the tags, then the answer");
  systemTurn @7 :Bool = true $Config.doc("with chat: whether there is a system turn at all");
  overlongPrompts @9 :OverlongPrompts = refuse $Config.doc("what becomes of prompts that leave no room for an answer");
  thinkFirst @8 :Bool = false $Config.doc("the model's turn begins with think_open, as some models' templates have it");

  enum OverlongPrompts {
    refuse @0 $Config.doc("the job does not start");
    skip @1 $Config.doc("they are left out, and counted");
  }
  enum Chat {
    none @0 $Config.doc("as it is");
    mistral @1 $Config.doc("[SYSTEM_PROMPT]…[/SYSTEM_PROMPT][INST]…[/INST]");
    chatml @2 $Config.doc("<|im_start|>system … <|im_end|> (Qwen)");
    llama3 @3 $Config.doc("<|start_header_id|>system<|end_header_id|> …");
    auto @4 $Config.doc("as the chat template of model.path has it; none where there is no template");
  }
}

struct Stage {
  union {
    warmStart @0 :WarmStart $Config.doc("supervised: imitate demonstrations");
    reinforce @1 :Reinforce $Config.doc("reinforcement from verified rollouts");
  }
}

struct WarmStart {
  demonstrations @0 :Text $Config.doc("JSONL: {\"prompt\", STYLE: completion, …} a line");
  limit @1 :UInt64 = 0 $Config.doc("use the first so many demonstrations; 0: all");
  styles @2 :List(Style) $Config.doc("which field of a demonstration to imitate, and how often: {worked: 0.8, short: 0.2}");
  steps @3 :UInt64 = 1000 $Config.doc("optimizer steps") $Config.least(1);
  batch @4 :UInt32 = 24 $Config.doc("demonstrations per step") $Config.least(1);
  optimizer @5 :Optimizer = (learningRate = 4e-3, weightDecay = 0.1, warmupSteps = 20, finalShare = 0.1) $Config.doc("AdamW");
}

struct Style {
  name @0 :Text;
  share @1 :Float64;
}

struct Reinforce {
  algorithm @0 :Algorithm $Config.doc("the loss and the batch");
  steps @1 :UInt64 = 200 $Config.doc("batches, each of which makes a version of the weights") $Config.least(1);
  maxLag @2 :UInt32 = 2 $Config.doc("versions that a token may be older than the weights it trains; 0: synchronous") $Config.most(64);
  overdue @3 :Overdue = wait $Config.doc("how max_lag is kept");
  batchOf @4 :BatchOf = issued $Config.doc("which completions fill a batch");
  optimizer @5 :Optimizer = (learningRate = 5e-4, warmupSteps = 5) $Config.doc("AdamW");
  stopAtCorrect @6 :Float64 = 0 $Config.doc("end the stage once the moving average (0.8) of the batches' correct share reaches this; 0: never") $Config.least(0) $Config.most(1);

  enum Overdue {
    wait @0 $Config.doc("no prompt is issued that could become too stale");
    drop @1 $Config.doc("generators run ahead; what is too stale is dropped and replaced, which favours short completions");
  }
  enum BatchOf {
    issued @0 $Config.doc("the next `batch` completions in the order of issue; groups without contrast leave it smaller");
    kept @1 $Config.doc("only completions of groups with contrast; dropped groups are replaced by later ones");
  }
}

struct Algorithm {
  name @0 :Text = "magistral" $Config.doc("the loss as its paper has it, every axis and bound below included: {algorithms}");
  group @1 :UInt32 = 8 $Config.doc("completions sampled per prompt") $Config.least(2) $Config.most(1024);
  batch @2 :UInt32 = 384 $Config.doc("completions per weight version, a multiple of group") $Config.least(2);
  minibatch @6 :UInt32 = 0 $Config.doc("completions per optimizer step, a multiple of group; 0: the batch");
  clipLow @3 :Float64 = -1 $Config.doc("ratios below 1 - clip_low are cut; -1: the algorithm's own") $Config.least(-1);
  clipHigh @4 :Float64 = -1 $Config.doc("ratios above 1 + clip_high are cut; -1: the algorithm's own") $Config.least(-1);
  importanceCap @5 :Float64 = -1 $Config.doc("truncated weights, and proximal / behaviour, are at most this; 0: not bounded; -1: the algorithm's own") $Config.least(-1);
  advantage @7 :Advantage = preset $Config.doc("how much better a completion is than the others");
  normaliser @8 :Normaliser = preset $Config.doc("what each token weighs");
  ratio @9 :Ratio = preset $Config.doc("of what the ratio new / old is taken");
  clip @10 :Clip = preset $Config.doc("what becomes of a ratio far from 1");
  lengthBudget @11 :UInt32 = 0 $Config.doc("normaliser budget: the constant number of tokens; 0: the generator's max_tokens");
  overlong @12 :Overlong = keep $Config.doc("what becomes of completions that max_tokens cut off");
  maskLow @13 :Float64 = 0 $Config.doc("tokens whose importance trained / behaviour is below are not learnt from; 0: all are") $Config.least(0);
  maskHigh @14 :Float64 = 0 $Config.doc("… above; 0: all are") $Config.least(0);

  enum Advantage {
    preset @0 $Config.doc("the algorithm's own");
    minibatchStd @1 $Config.doc("r - mean of the group, then normalised over the minibatch");
    groupStd @2 $Config.doc("(r - mean) / deviation of the group");
    groupMean @3 $Config.doc("r - mean of the group");
    leaveOneOut @4 $Config.doc("r - mean of the others of the group");
  }
  enum Normaliser {
    preset @0 $Config.doc("the algorithm's own");
    groupTokens @1 $Config.doc("tokens of the group, averaged over groups: prompts weigh equally");
    batchTokens @2 $Config.doc("tokens of the minibatch: tokens weigh equally");
    sequence @3 $Config.doc("tokens of the completion, averaged over completions: completions weigh equally");
    budget @4 $Config.doc("length_budget, averaged over completions: a constant");
  }
  enum Ratio {
    preset @0 $Config.doc("the algorithm's own");
    token @1 $Config.doc("of each token");
    sequence @2 $Config.doc("of the whole completion: the geometric mean of its tokens'");
  }
  enum Clip {
    preset @0 $Config.doc("the algorithm's own");
    ppo @1 $Config.doc("min(ratio · A, the clipped ratio · A)");
    held @2 $Config.doc("the clipped ratio, held constant, times log-probability (CISPO)");
    truncated @3 $Config.doc("min(ratio, importance_cap), held constant, times log-probability");
  }
  enum Overlong {
    keep @0 $Config.doc("they are learnt from as any other");
    mask @1 $Config.doc("they count among their group, and are not learnt from");
    penalise @2 $Config.doc("whatever their rewards, their score is 0 at most");
  }
}

struct Optimizer {
  learningRate @0 :Float64 = 1e-3 $Config.doc("the defaults are those of presets: with model.path it must be given") $Config.least(0);
  warmupSteps @1 :UInt32 = 0 $Config.doc("steps of linear warm-up");
  finalShare @2 :Float64 = 1 $Config.doc("the share of learning_rate that the stage's last step has; 1: constant") $Config.least(0) $Config.most(1);
  schedule @7 :Schedule = linear $Config.doc("how it gets there from the end of the warm-up");
  decayShare @8 :Float64 = 0.2 $Config.doc("schedule stable: the share of the stage's steps that decay") $Config.least(0) $Config.most(1);
  weightDecay @3 :Float64 = 0 $Config.doc("of matrices; norms and biases have none") $Config.least(0);
  beta1 @4 :Float64 = 0.9 $Config.least(0) $Config.most(1);
  beta2 @5 :Float64 = 0.95 $Config.least(0) $Config.most(1);
  clipNorm @6 :Float64 = 1 $Config.doc("gradients are scaled down to this norm; 0: not") $Config.least(0);

  enum Schedule {
    linear @0 $Config.doc("straight down");
    cosine @1 $Config.doc("along half a cosine");
    stable @2 $Config.doc("constant, then straight down over the last decay_share of the steps (warm-up, stable, decay)");
  }
}

struct Actors {
  generator @0 :Generator;
  verifier @1 :Verifier;
  trainer @2 :Trainer;
  broadcaster @3 :Broadcaster;
  evaluator @4 :Evaluator;
  ledger @5 :Ledger;
}

enum Isolation {
  ofRun @0 $Config.doc("as the run has it (--isolation)");
  thread @1 $Config.doc("in the process that the user started");
  process @2 $Config.doc("in a process of its own, which may be killed");
}

struct Place {
  cpus @0 :Float64 = 0 $Config.doc("processors that are kept free for each; 0: half a one for each thread of trainer and generators, a tenth for the others; each uses what there is") $Config.least(0) $Config.most(1000000);
  memoryGigabytes @1 :Float64 = 0 $Config.doc("memory that is kept free for each; 0: what tram plan counts") $Config.least(0) $Config.most(1000000);
  gpus @2 :Float64 = 0 $Config.doc("GPUs of each: whole ones, or a share of one below 1; it sees no others") $Config.least(0) $Config.most(1024);
  needs @3 :List(Label) $Config.doc("labels that its node must have (tram node --label): {zone: west}");
  prefers @4 :List(Label) $Config.doc("labels that its node should have: nodes with more of them come first");
  strategy @5 :Strategy = byWork $Config.doc("how several lie over nodes");
  near @6 :List(Text) $Config.commas $Config.doc("roles: only on nodes that have a worker of each of these");
  apart @7 :List(Text) $Config.commas $Config.doc("roles: on no node that has a worker of one of these");

  enum Strategy {
    byWork @0 $Config.doc("generators spread, the others by the run directory, then packed");
    pack @1 $Config.doc("on few nodes");
    spread @2 $Config.doc("on many nodes");
    strictPack @3 $Config.doc("on one node, or not at all");
    strictSpread @4 $Config.doc("each on a node of its own, or not at all");
  }
}

struct Label {
  name @0 :Text;
  value @1 :Text;
}

struct Generator {
  count @0 :UInt32 = 1 $Config.doc("generators, each on a thread of its own") $Config.least(1) $Config.most(256);
  maxTokens @1 :UInt32 = 48 $Config.doc("new tokens per completion at most") $Config.least(1);
  temperature @2 :Float32 = 1 $Config.least(0);
  topP @3 :Float32 = 1 $Config.doc("mass of the most probable tokens that are sampled from") $Config.least(0) $Config.most(1);
  slots @4 :UInt32 = 192 $Config.doc("sequences written at the same time by one generator, as far as its cache has room") $Config.least(1) $Config.most(65536);
  cacheMegabytes @5 :UInt32 = 256 $Config.doc("bound on the cache of keys and values of one generator; where it is full, the sequences that began last wait") $Config.least(1);
  onSwap @6 :OnSwap = keep $Config.doc("what becomes of the cache of sequences in flight when new weights arrive");
  isolation @7 :Isolation = ofRun $Config.doc("where each lives");
  place @8 :Place $Config.doc("what each takes of a cluster (tram submit), and where it may be");
  device @9 :Text = "auto" $Config.doc("where each computes, and the evaluator with them: cpu, cuda:N, or auto: the best that the trainer has too");
  threads @10 :UInt32 = 1 $Config.doc("that each computes with on the CPU; the results are the same by any number") $Config.least(1) $Config.most(256);

  enum OnSwap {
    keep @0 $Config.doc("go on with the cache as it is (Magistral)");
    recompute @1 $Config.doc("compute it anew under the new weights");
    isolate @2 $Config.doc("sequences in flight finish under the weights they began with");
  }
}

struct Verifier {
  count @0 :UInt32 = 1 $Config.least(1) $Config.most(256);
  rewards @1 :List(Reward) $Config.doc("rewards in order, with their weights: {format: 0.1, math: 0.9}, or {math: {weight: 0.9, answer: boxed}}");
  thinkOpen @4 :Text = "<think>" $Config.doc("what begins the thinking part of a completion");
  thinkClose @5 :Text = "</think>" $Config.doc("what ends it");
  lengthMax @2 :UInt32 = 0 $Config.doc("the same option of the reward `length`, where that does not give it");
  lengthCache @3 :UInt32 = 0 $Config.doc("the same option of the reward `length`, where that does not give it");
  isolation @6 :Isolation = ofRun $Config.doc("where each lives");
  place @7 :Place $Config.doc("what each takes of a cluster (tram submit), and where it may be");
}

struct Reward {
  name @0 :Text $Config.doc("what verdicts call it; also its kind, where none is given");
  weight @1 :Float64 $Config.doc("what its full share is worth");
  kind @2 :Text $Config.doc("{rewards}; nothing: the name is the kind");
  deadline @6 :Float64 = 0 $Config.doc("seconds for one verdict, then it is no_verdict; 0: the kind's own default") $Config.least(0);
  batch @16 :UInt32 = 0 $Config.doc("completions judged together, or sent in one request, at most; 0: the kind's own default");

  # What a kind has of its own: given to another, it is an error that names those which that has.
  thinking @3 :Thinking = optional $Config.doc("whether there must be a thinking part") $Config.kinds("format");
  requires @4 :Part = any $Config.doc("what the answer must have") $Config.kinds("format");
  answer @5 :Answer = automatic $Config.doc("where a completion's final answer is") $Config.kinds("math");
  boxes @21 :Boxes = last $Config.doc("which boxes of a completion are its answer") $Config.kinds("math");
  language @7 :Text $Config.doc("python or cpp; nothing: what the code block names") $Config.kinds("code");
  testSeconds @8 :Float64 = 4 $Config.doc("processor seconds for one test; by the clock three times as long") $Config.kinds("code") $Config.least(0.01);
  testMegabytes @9 :UInt32 = 300 $Config.doc("memory of one test") $Config.kinds("code") $Config.least(16);
  testsMax @10 :UInt32 = 20 $Config.doc("programs: tests at most, the first ones; the verdict says how many more there are") $Config.kinds("code") $Config.least(1);
  sandbox @11 :Sandbox = full $Config.doc("the least that the sandbox must give; below it the job does not start") $Config.kinds("code");
  lengthMax @18 :UInt32 = 0 $Config.doc("the penalty is whole from this many tokens; 0: the generator's max_tokens") $Config.kinds("length");
  lengthCache @19 :UInt32 = 0 $Config.doc("the penalty begins this many tokens before length_max; 0: a quarter of it") $Config.kinds("length");
  model @12 :Text $Config.doc("language: a fastText model (lid.176.bin, .ftz), nothing: the one that ./dev setup trained; http: the judge's name") $Config.kinds("language http");
  expect @13 :Text $Config.doc("the one wanted, like en; nothing: the problem's own") $Config.kinds("language");
  undetermined @22 :Float64 = 0 $Config.doc("the share for text in no language that is known; a few letters have all of it") $Config.kinds("language") $Config.least(0) $Config.most(1);
  command @14 :List(Text) $Config.doc("program and arguments; it speaks JSON lines") $Config.kinds("command");
  url @15 :Text $Config.doc("where the requests go, like http://127.0.0.1:8000/judge") $Config.kinds("http");
  template @17 :Text $Config.doc("makes the endpoint a language model that judges (chat form): its prompt, with {prompt}, {answer} and {completion}; it must end with SCORE: and a number from 0 to 1") $Config.kinds("http");
  options @20 :List(Option) $Config.doc("what a kind that an embedding program brought reads, as {name: value}") $Config.kinds("");

  enum Thinking {
    optional @0 $Config.doc("at most one thinking part");
    required @1 $Config.doc("exactly one");
    none @2 $Config.doc("none");
  }
  enum Part {
    any @0 $Config.doc("something");
    boxed @1 $Config.doc("a \\boxed{…} (maths)");
    codeBlock @2 $Config.doc("a fenced code block that names its language");
  }
  enum Boxes {
    last @0 $Config.doc("the last, or the last that follow each other directly");
    all @1 $Config.doc("all of them, as a list");
  }

  enum Answer {
    automatic @0 $Config.doc("the first of boxed, hash_marks, answer_is, last_number that finds something; the whole answer if it is plain");
    boxed @1 $Config.doc("in the last \\boxed{…}");
    hashMarks @2 $Config.doc("after the last #### (GSM8K)");
    answerIs @3 $Config.doc("after the last \"answer is\"");
    lastNumber @4 $Config.doc("the last number");
    whole @5 $Config.doc("the whole answer part");
    number @6 $Config.doc("the whole answer part, which must be a number and nothing else; compared exactly");
  }
  enum Sandbox {
    full @0 $Config.doc("namespaces, seccomp, limits and a user of its own for every program");
    partial @1 $Config.doc("what the kernel allows, at least seccomp and limits");
    none @2 $Config.doc("no sandbox: a warning every time");
  }
}

struct Option {
  name @0 :Text;
  value @1 :Text;
}

struct Trainer {
  microbatchRows @0 :UInt32 = 1024 $Config.doc("token rows of one forward and backward at most") $Config.least(16);
  checkpointEvery @1 :UInt32 = 20 $Config.doc("reinforcement steps between durable checkpoints") $Config.least(1);
  keepCheckpoints @2 :UInt32 = 2 $Config.doc("newest checkpoints kept, beside the best") $Config.least(1);
  nonFiniteMax @3 :UInt32 = 3 $Config.doc("steps in a row with a loss or gradient that is not finite before the job stops");
  auditRollouts @4 :UInt32 = 8 $Config.doc("rollouts per step whose log-probabilities are computed anew, version by version, and compared bit for bit");
  isolation @5 :Isolation = ofRun $Config.doc("where it lives");
  place @6 :Place $Config.doc("what it takes of a cluster (tram submit), and where it may be");
  device @7 :Text = "auto" $Config.doc("where it computes; the same as the generators, or log-probabilities would differ");
  threads @8 :UInt32 = 1 $Config.doc("that it computes with on the CPU; the results are the same by any number") $Config.least(1) $Config.most(256);
  recompute @9 :Recompute = none $Config.doc("what a step computes again instead of keeping it; the results are the same bit for bit");

  enum Recompute {
    none @0 $Config.doc("nothing: all activations are kept, and every matrix packed");
    layers @1 $Config.doc("each layer, of which its input alone is kept, and whose matrices are packed when it is computed: less memory, about a third more time");
  }
}

struct Broadcaster {
  transport @0 :Transport = auto;

  enum Transport {
    auto @0 $Config.doc("the best for each receiver");
    local @1 $Config.doc("same process: a pointer");
    shm @2 $Config.doc("processes of one host: shared memory");
  }
}

struct Evaluator {
  every @0 :UInt32 = 20 $Config.doc("steps between evaluations on held-out problems; 0: only before and after");
  problems @1 :UInt32 = 0 $Config.doc("held-out problems per evaluation while training goes on; 0: all");
  majority @2 :UInt32 = 8 $Config.doc("samples per problem for maj@k and pass@k before and after; 0: not");
  temperature @3 :Float32 = 1 $Config.doc("of sampled completions; greedy ones are beside them") $Config.least(0.01);
  topP @4 :Float32 = 1 $Config.doc("mass of the most probable tokens that are sampled from") $Config.least(0.000001) $Config.most(1);
  maxTokens @5 :UInt32 = 0 $Config.doc("new tokens per completion at most; 0: the generator's max_tokens");
  isolation @6 :Isolation = ofRun $Config.doc("where it lives");
  place @7 :Place $Config.doc("what it takes of a cluster (tram submit), and where it may be");
}

struct Ledger {
  isolation @0 :Isolation = ofRun $Config.doc("where it lives");
  place @1 :Place $Config.doc("what it takes of a cluster (tram submit), and where it may be");
}

struct Alarms {
  stalled @0 :Float64 = 10 $Config.doc("no step for this many times the median of the last ones, and for a minute at least") $Config.least(0);
  gap @1 :Float64 = 1e-3 $Config.doc("nats between a recorded log-probability and the same computed anew, from this on") $Config.least(0);
  noVerdict @2 :Float64 = 0.1 $Config.doc("share of completions that cannot be judged, over ten steps") $Config.least(0) $Config.most(1);
  rewardFlat @3 :Float64 = 0.005 $Config.doc("share of right answers this near to 0 or to 1, over twenty steps") $Config.least(0) $Config.most(0.5);
  entropy @4 :Float64 = 0.005 $Config.doc("nats that a token's distribution has left, over ten steps in which not even 0.9 of the answers are right") $Config.least(0);
  length @5 :Float64 = 0.3 $Config.doc("share of completions that max_tokens cuts off, over ten steps, twice what it was at first") $Config.least(0) $Config.most(1);
  lag @6 :Float64 = 0.8 $Config.doc("share of the generators' time, or of completions, that max_lag costs, over twenty steps and a minute") $Config.least(0) $Config.most(1);
  generatorIdle @7 :Float64 = 60 $Config.doc("seconds in which a generator writes nothing, and three times the median of steps") $Config.least(0);
  diskMegabytes @8 :Float64 = 500 $Config.doc("room left where the run's directory is; twice a checkpoint's size if that is more") $Config.least(0);
  memoryMegabytes @9 :Float64 = 200 $Config.doc("memory left to the run's process, by the machine or its control group") $Config.least(0);
  restarts @10 :Float64 = 3 $Config.doc("lives of one actor that fail within ten minutes") $Config.least(0);
  command @11 :List(Text) $Config.doc("program and arguments, run when an alarm begins and when it ends, with its event as a line of JSON to read");
}
