#include "actors/job/job.h"

#include "actors/job/actors.h"
#include "actors/job/alarms.h"
#include "actors/job/algorithm.h"
#include "actors/job/job.capnp.h"
#include "actors/job/job_rules.h"
#include "actors/job/places.h"
#include "actors/job/problems.h"
#include "actors/job/rewards.h"
#include "actors/model/algorithms.h"
#include "actors/model/hf_folder.h"
#include "runtime/base/check.h"
#include "runtime/base/names.h"
#include "runtime/base/random.h"
#include "runtime/config/load.h"
#include "storage/content_hash.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <functional>
#include <set>
#include <string_view>

namespace tramontane {
namespace {

std::string text_of(capnp::Text::Reader text) {
  return {text.begin(), text.end()};
}

// Loads one job; each part is one method, all complain into the same configuration.
class JobLoader {
 public:
  JobLoader(LoadedConfig& config, std::string folder, const JobOptions& options)
      : config_(config),
        folder_(std::move(folder)),
        options_(options),
        files_(system_files()),
        schema_(config.edit<schema::Job>()) {}

  Job load();

 private:
  void note_input(const std::string& key, const std::string& path);
  void names();
  void model();
  void data();
  void stages();
  void warm_start(schema::WarmStart::Builder stage, const std::string& path);
  void reinforce(schema::Reinforce::Builder stage, const std::string& path);
  void read_loss(
      schema::Algorithm::Builder algorithm, const std::string& path, ReinforcePlan& plan);
  void reward_files();
  void check_rewards();
  void actors();

  std::string resolve(capnp::Text::Reader name) {
    constexpr std::string_view shared = "shared:";
    std::string text = text_of(name);
    bool is_shared = text.starts_with(shared);
    if (is_shared) text.erase(0, shared.size());
    std::string path =
        std::filesystem::weakly_canonical(std::filesystem::path(folder_) / text).string();
    if (is_shared) shared_.insert(path);
    return path;
  }

  OptimizerPlan optimizer(schema::Optimizer::Reader reader, const std::string& path);

  LoadedConfig& config_;
  std::string folder_;
  std::set<std::string> shared_;  // what was named as shared:PATH
  JobOptions options_;
  std::unique_ptr<Files> files_;
  schema::Job::Builder schema_;
  Job job_;
};

void JobLoader::note_input(const std::string& key, const std::string& path) {
  bool shared = shared_.contains(path) || shared_.contains(folder_of(path));
  job_.inputs.push_back({key, path, content_hash(files_->map(path)->bytes()), shared});
}

void JobLoader::names() {
  job_.name = text_of(schema_.asReader().getName());
  job_.seed = schema_.getSeed();
  bool plain = !job_.name.empty() && job_.name.size() <= 64;
  for (char c : job_.name)
    plain = plain &&
            (std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_' || c == '.');
  if (!plain || job_.name[0] == '.')
    config_.complain(
        "name", "expected 1 to 64 letters, digits, '-', '_' or '.': it names the run's folder");
}

void JobLoader::model() {
  auto model = schema_.getModel();
  std::string preset_name = text_of(model.asReader().getPreset());
  if (model.hasPath() && model.getPath().size() > 0) {
    if (!preset_name.empty())
      config_.complain("model.preset", "give either preset or path, not both");
    std::string path = resolve(model.asReader().getPath());
    model.setPath(path);
    HfFolder loaded = load_hf_folder(path);
    job_.model = loaded.config;
    job_.tokenizer = std::make_shared<const Tokenizer>(std::move(loaded.tokenizer));
    job_.carried = std::move(loaded.carried);
    job_.initial = std::make_shared<InitialWeights>(path, loaded.arena);
    for (const std::string& file : loaded.files)
      note_input("model.path/" + file, path + "/" + file);
  } else {
    auto known = preset_names();
    if (std::find(known.begin(), known.end(), preset_name) == known.end()) {
      config_.complain("model", preset_name.empty() ? "expected a preset or a path"
                                                    : unknown_name("preset", preset_name, known));
      return;
    }
    auto tokens = model.getTokens();
    std::vector<std::string> special;
    for (auto s : tokens.asReader().getSpecial()) special.push_back(text_of(s));
    auto has = [&](const char* name) {
      return std::find(special.begin(), special.end(), name) != special.end();
    };
    if (!has("<pad>") || !has("<eos>")) {
      config_.complain("model.tokens.special",
          "expected a list with <pad> and <eos>, like [<pad>, <eos>, <think>, </think>]");
      return;
    }
    job_.tokenizer = std::make_shared<const Tokenizer>(
        Tokenizer::of_characters(special, text_of(tokens.asReader().getCharacters())));
    job_.model = preset(preset_name, job_.tokenizer->vocabulary());
    job_.model.ends = {job_.tokenizer->id("<eos>")};
    job_.model.pad = job_.tokenizer->id("<pad>");
  }
  job_.model.serving = static_cast<Dtype>(model.getServing());
  if (auto context = static_cast<std::int64_t>(model.getContext()); context != 0) {
    if (job_.initial && context > job_.model.context)
      config_.complain("model.context",
          str("the checkpoint was made for ", job_.model.context, " positions at most"));
    job_.model.context = context;
  }
}

void JobLoader::data() {
  auto data = schema_.getData();
  job_.form = {.prompt_field = text_of(data.asReader().getPromptField()),
      .answer_field = text_of(data.asReader().getAnswerField()),
      .answer_after = text_of(data.asReader().getAnswerAfter()),
      .chat = static_cast<Chat>(data.getChat()),
      .system_turn = data.getSystemTurn(),
      .system = text_of(data.asReader().getSystem()),
      .think_first = data.getThinkFirst(),
      .skip_overlong = data.getOverlongPrompts() == schema::Data::OverlongPrompts::SKIP,
      .tags = job_.reward_options.tags};
  job_.reward_options.think_first = job_.form.think_first;
  std::string wrong = job_.form.fit("model.path", job_.carried, *job_.tokenizer);
  if (!wrong.empty()) {
    config_.complain("data.chat", wrong);
    config_.finish();  // without a form no problem can be read
  }
  job_.form.add_end(*job_.tokenizer, job_.model);
  for (bool heldout : {false, true}) {
    std::string key = heldout ? "data.heldout" : "data.prompts";
    auto name = heldout ? data.asReader().getHeldout() : data.asReader().getPrompts();
    if (name.size() == 0) {
      if (!heldout)
        config_.complain(
            key, "expected the name of a JSONL file of {\"prompt\", \"answer\"} lines");
      continue;
    }
    std::string path = resolve(name);
    if (heldout)
      data.setHeldout(path);
    else
      data.setPrompts(path);
    std::function<void(const std::string&)> judgeable;
    if (options_.rewards)
      judgeable = [&](const std::string& answer) {
        check_answer(job_.reward_kinds, job_.rewards, answer);
      };
    if (!options_.data) continue;
    ReadProblems read =
        read_problems(*files_, path, key, job_.form, *job_.tokenizer, job_.model, judgeable);
    (heldout ? job_.heldout : job_.prompts) = std::move(read.problems);
    note_input(key, path);
    (heldout ? job_.heldout_skipped : job_.prompts_skipped) = read.skipped;
  }
}

OptimizerPlan JobLoader::optimizer(schema::Optimizer::Reader reader, const std::string& path) {
  OptimizerPlan plan;
  plan.options = {.learning_rate = reader.getLearningRate(),
      .beta1 = reader.getBeta1(),
      .beta2 = reader.getBeta2(),
      .weight_decay = reader.getWeightDecay(),
      .clip_norm = reader.getClipNorm()};
  plan.warmup_steps = reader.getWarmupSteps();
  plan.final_share = reader.getFinalShare();
  plan.schedule = static_cast<Schedule>(reader.getSchedule());
  plan.decay_share = reader.getDecayShare();
  if (job_.initial && !config_.given(path + ".optimizer.learning_rate"))
    config_.complain(path + ".optimizer.learning_rate",
        "give one: the defaults are for presets that begin from nothing, and ruin a model that was "
        "trained before (1e-6 to 1e-5 are usual)");
  return plan;
}

void JobLoader::warm_start(schema::WarmStart::Builder stage, const std::string& path) {
  WarmStartPlan plan;
  plan.steps = stage.getSteps();
  plan.batch = stage.getBatch();
  plan.optimizer = optimizer(stage.asReader().getOptimizer(), path);
  if (stage.getDemonstrations().size() == 0 || stage.getStyles().size() == 0) {
    config_.complain(
        path, "expected demonstrations (a JSONL file) and styles (like {worked: 0.8, short: 0.2})");
    return;
  }
  std::string file = resolve(stage.asReader().getDemonstrations());
  stage.setDemonstrations(file);
  if (!options_.data) return;
  note_input(path + ".demonstrations", file);
  double total = 0;
  for (auto style : stage.asReader().getStyles()) {
    std::string name = text_of(style.getName());
    if (!(style.getShare() > 0))
      config_.complain(path + ".styles." + name, "expected a share above 0");
    total += style.getShare();
    plan.styles.push_back({name, style.getShare(),
        read_demonstrations(
            *files_, file, name, stage.getLimit(), job_.form, *job_.tokenizer, job_.model)});
  }
  for (auto& style : plan.styles) style.share /= total;
  job_.warm_starts.push_back(std::move(plan));
}

void JobLoader::read_loss(
    schema::Algorithm::Builder algorithm, const std::string& path, ReinforcePlan& plan) {
  try {
    plan.loss = loss_options(algorithm, schema_.asReader().getActors().getGenerator());
  } catch (const Error& e) {
    config_.complain(path, e.text());
  }
}

void JobLoader::reinforce(schema::Reinforce::Builder stage, const std::string& path) {
  auto algorithm = stage.getAlgorithm();
  ReinforcePlan plan;
  plan.algorithm = text_of(algorithm.asReader().getName());
  auto known = algorithm_names();
  if (std::find(known.begin(), known.end(), plan.algorithm) == known.end())
    config_.complain(path + ".algorithm.name", unknown_name("algorithm", plan.algorithm, known));
  else
    read_loss(algorithm, path + ".algorithm", plan);
  auto whole_groups = [&](const char* key, std::uint32_t completions) {
    if (completions % algorithm.getGroup() != 0)
      config_.complain(str(path, ".algorithm.", key),
          str("expected a multiple of group (", algorithm.getGroup(), "), found ", completions));
  };
  whole_groups("batch", algorithm.getBatch());
  whole_groups("minibatch", algorithm.getMinibatch());
  plan.minibatch = algorithm.getMinibatch();
  plan.overlong = static_cast<Overlong>(algorithm.getOverlong());
  job_.reward_options.penalise_overlong = plan.overlong == Overlong::penalise;
  plan.steps = stage.getSteps();
  plan.optimizer = optimizer(stage.asReader().getOptimizer(), path);
  plan.stop_at_correct = stage.getStopAtCorrect();
  plan.ledger.seed = job_.seed_of(Job::Purpose::rollouts);
  plan.ledger.group_size = algorithm.getGroup();
  plan.ledger.batch = algorithm.getBatch();
  plan.ledger.max_lag = stage.getMaxLag();
  plan.ledger.overdue = static_cast<Overdue>(stage.getOverdue());
  plan.ledger.batch_of = static_cast<BatchOf>(stage.getBatchOf());
  plan.ledger.steps = plan.steps;
  if (plan.loss.temperature <= 0)
    config_.complain("actors.generator.temperature",
        "reinforcement needs a temperature above 0: greedy completions of one prompt are all the "
        "same");
  job_.reinforce = std::move(plan);
}

void JobLoader::stages() {
  auto stages = schema_.getStages();
  if (stages.size() == 0)
    config_.complain("stages", "expected at least one stage: warm_start or reinforce");
  for (unsigned i = 0; i < stages.size(); ++i) {
    std::string path = str("stages.", i);
    if (job_.reinforce)
      config_.complain(path, "reinforce must be the last stage, and there can be one");
    if (stages[i].isWarmStart())
      warm_start(stages[i].getWarmStart(), path + ".warm_start");
    else
      reinforce(stages[i].getReinforce(), path + ".reinforce");
  }
}

// A model, and every word of a command that is a file beside the job graph, under its whole name.
void JobLoader::reward_files() {
  for (auto reward : schema_.getActors().getVerifier().getRewards()) {
    bool has_file = reward.getModel().size() > 0 && reward.getUrl().size() == 0;
    if (has_file) reward.setModel(resolve(reward.asReader().getModel()));
    std::string key = "actors.verifier.rewards." + text_of(reward.asReader().getName());
    auto model = text_of(reward.asReader().getModel());
    if (has_file && files_->exists(model)) note_input(key + ".model", model);
    auto command = reward.getCommand();
    for (unsigned i = 0; i < command.size(); ++i) {
      std::string file = resolve(command.asReader()[i]);
      if (!files_->exists(file)) continue;
      command.set(i, file);
      note_input(str(key, ".command.", i), file);
    }
  }
}

void JobLoader::check_rewards() {
  const std::string path = "actors.verifier.rewards";
  if (job_.reinforce && job_.rewards.empty())
    config_.complain(path, "expected at least one reward, like {format: 0.1, math: 0.9}");
  bool good = !job_.rewards.empty();
  for (const auto& reward : job_.rewards) {
    try {
      RewardTable alone(job_.reward_kinds, {reward}, job_.reward_options);
    } catch (const Error& e) {
      config_.complain(path + "." + reward.name, e.text());
      good = false;
    }
  }
  // A verdict that takes as long as it may must not lose its lease.
  if (good && job_.reinforce)
    job_.reinforce->ledger.verify_lease +=
        static_cast<std::int64_t>(1e6 * job_.reward_table().seconds_at_most());
}

void JobLoader::actors() {
  auto generator = schema_.asReader().getActors().getGenerator();
  if (generator.getTopP() <= 0) config_.complain("actors.generator.top_p", "expected above 0");
  read_actors(schema_.asReader().getActors(), job_);
  job_.places = read_places(schema_.asReader().getActors(), config_);
  reward_files();
  if (options_.rewards) job_.reward_kinds = *options_.rewards;
  job_.rewards =
      reward_specs(schema_.asReader().getActors().getVerifier(), generator.getMaxTokens());
  job_.reward_options = reward_options(schema_.asReader().getActors().getVerifier());
}

Job JobLoader::load() {
  names();
  model();
  config_.finish();  // without a tokenizer nothing below makes sense
  actors();
  job_.alarms = alarm_plan(schema_.getAlarms(), folder_, *files_);
  data();
  stages();
  if (options_.rewards) check_rewards();
  if (!options_.data) job_.initial.reset();
  for (const auto& broken : broken_rules(job_)) config_.complain(broken.key, broken.text);
  config_.finish();
  job_.resolved = config_.resolved();
  return std::move(job_);
}

}  // namespace

Job parse_job(const std::string& file, const std::string& text, const std::string& folder,
    const std::vector<std::string>& sets, const JobOptions& options) {
  LoadedConfig config = load_config<schema::Job>(file, text, sets);
  config.finish();
  return JobLoader(config, folder, options).load();
}

Job load_job(
    const std::string& path, const std::vector<std::string>& sets, const JobOptions& options) {
  Bytes bytes = system_files()->read(path);
  return parse_job(path, std::string(as_text(bytes)), folder_of(path), sets, options);
}

}  // namespace tramontane
