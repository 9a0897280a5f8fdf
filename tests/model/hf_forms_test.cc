// Folders in the forms that are published: other names of tensors, other files, files that are only
// passed on.
#include "actors/model/hf_folder.h"
#include "actors/model/policy.h"
#include "actors/model/weight_files.h"
#include "runtime/base/result.h"
#include "storage/safetensors.h"
#include "tests/model/random_model.h"
#include "tests/support/temp_folder.h"

#include <boost/json.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "tests/support/test.h"

using namespace tramontane;

namespace {

class Folder {
 public:
  explicit Folder(const ModelConfig& config) : config_(config), arena_(random_weights(config, 4)) {
    for (const auto& [name, bytes] : hf_files(config, tokenizer_, *arena_)) {
      std::ofstream out(path(name), std::ios::binary);
      out.write(
          reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    }
  }

  std::string path(const std::string& name) const { return folder_.path() + "/" + name; }

  void put(const std::string& name, std::string_view text) {
    std::ofstream(path(name), std::ios::binary) << text;
  }

  void remove(const std::string& name) { std::filesystem::remove(path(name)); }

  // Writes the tensors anew under other names, and `more`.
  template <class Name>
  void rename(Name name, const std::vector<SafetensorsSource>& more = {}) {
    std::vector<SafetensorsSource> sources = more;
    for (const TensorEntry& t : arena_->manifest().tensors())
      sources.push_back({name(t.name), "F32", t.shape, arena_->bytes().subspan(t.offset, t.size)});
    put("model.safetensors", as_text(write_safetensors(sources, {})));
  }

  // The config as the text part of a model of text and images.
  void wrap() {
    boost::json::object outer{{"architectures", {"Mistral3ForConditionalGeneration"}},
        {"model_type", "mistral3"}, {"vision_config", {{"hidden_size", 8}}}};
    outer["text_config"] = boost::json::parse(write_model_config(config_));
    put("config.json", boost::json::serialize(outer));
  }

  HfFolder load() const { return load_hf_folder(folder_.path()); }

  std::string error() const {
    try {
      load();
    } catch (const Error& e) {
      return std::string(name(e.errc())) + ": " + e.text();
    }
    return "accepted";
  }

  ModelConfig config_;
  std::shared_ptr<const Arena> arena_;
  std::string tokenizer_ = Tokenizer::of_characters({"<eos>"}, "abc").to_json();
  TempFolder folder_;
};

ModelConfig mistral() {
  ModelConfig c = preset("micro", 9);
  c.architecture = "MistralForCausalLM";
  return c;
}

bool same_tensors(const Arena& a, const Arena& b) {
  return a.manifest() == b.manifest() && std::ranges::equal(a.bytes(), b.bytes());
}

}  // namespace

TEST_CASE("the text part of a model that sees images loads, in every layout that is written") {
  std::vector<float> pixels(4);
  std::vector<SafetensorsSource> images;
  for (const char* name :
      {"vision_tower.patch_conv.weight", "multi_modal_projector.linear_1.weight",
          "model.vision_tower.ln_pre.weight", "model.multi_modal_projector.norm.weight"})
    images.push_back({name, "F32", {4}, std::as_bytes(std::span(pixels))});
  for (const char* prefix :
      {"language_model.model.", "model.language_model.", "model.language_model.model."}) {
    CAPTURE(prefix);
    bool old = std::string(prefix) == "language_model.model.";
    Folder folder(mistral());
    folder.wrap();
    folder.rename(
        [&](const std::string& name) {
          if (name.starts_with("model.")) return prefix + name.substr(6);
          return (old ? "language_model." : "") + name;
        },
        images);
    HfFolder loaded = folder.load();
    CHECK(same_tensors(*loaded.arena, *folder.arena_));
    CHECK(loaded.config == folder.config_);
    // A checkpoint is a model of text alone.
    auto files = hf_files(loaded.config, folder.tokenizer_, *loaded.arena, loaded.carried);
    CHECK(load_hf_files("x", files).config == loaded.config);
  }
  Folder plain(mistral());
  plain.rename([](const std::string& name) { return name; }, {images.front()});
  CHECK(plain.error().find("'vision_tower.patch_conv.weight' is not of this model") !=
        std::string::npos);
}

TEST_CASE("a head in the file counts if it differs from the embedding that it is said to be") {
  ModelConfig tied = preset("micro", 9);
  tied.tied_head = true;
  Folder folder(tied);
  auto own_name = [](const std::string& name) { return name; };
  ByteView embedding = std::as_bytes(folder.arena_->floats("model.embed_tokens.weight"));
  folder.rename(own_name, {{"lm_head.weight", "F32", {9, 16}, embedding}});
  HfFolder same = folder.load();
  CHECK(same.config.tied_head);
  CHECK(same_tensors(*same.arena, *folder.arena_));
  std::vector<float> head(9 * 16, 0.5F);
  folder.rename(own_name, {{"lm_head.weight", "F32", {9, 16}, std::as_bytes(std::span(head))}});
  HfFolder other = folder.load();
  CHECK_FALSE(other.config.tied_head);
  CHECK(std::ranges::equal(other.arena->floats("lm_head.weight"), head));
  CHECK(std::ranges::equal(
      other.arena->floats("model.norm.weight"), folder.arena_->floats("model.norm.weight")));
}

TEST_CASE("weights in another form alone are refused with what makes them load") {
  struct Form {
    const char* file;
    const char* remedy;
  };

  for (const Form& form : {Form{"consolidated.safetensors", "convert_mistral_weights_to_hf.py"},
           Form{"consolidated.00.pth", "convert_llama_weights_to_hf.py"},
           Form{"pytorch_model.bin", "safe_serialization=True"},
           Form{"pytorch_model-00001-of-00002.bin", "safe_serialization=True"},
           Form{"adapter_model.safetensors", "merge_and_unload()"},
           Form{"weights-q4.gguf", "take the model-*.safetensors"}}) {
    CAPTURE(form.file);
    Folder folder(mistral());
    folder.put(form.file, "");
    CHECK(folder.error() == "accepted");
    folder.remove("model.safetensors");
    std::string error = folder.error();
    CHECK(error.find("unsupported: " + folder.path(form.file) + " is ") == 0);
    CHECK(error.find(form.remedy) != std::string::npos);
  }
  Folder folder(mistral());
  folder.put("params.json", "{}");
  CHECK(folder.error() == "accepted");
  folder.remove("config.json");
  CHECK(folder.error().find("the shape of a model in Mistral's own words") != std::string::npos);
  folder.remove("params.json");
  CHECK(folder.error().find("is no model: it has no config.json") != std::string::npos);
}

TEST_CASE("what readers of a folder look for beside the weights goes through a checkpoint") {
  Folder folder(mistral());
  folder.put("chat_template.jinja", "{{ messages }}\n");
  folder.put("tokenizer_config.json", "{ \"eos_token\":\"<eos>\"}");
  folder.put("special_tokens_map.json", "{}");
  folder.put("generation_config.json", R"({"temperature": 0.6, "eos_token_id": 0, "top_k": 7})");
  folder.put("notes.txt", "not a part of a model");
  HfFolder loaded = folder.load();
  CHECK(loaded.config.ends == std::vector<std::int32_t>{0});
  loaded.config.ends = {0, 3};
  loaded.config.pad = 2;
  auto files = hf_files(loaded.config, folder.tokenizer_, *loaded.arena, loaded.carried);
  CHECK(as_text(files.at("chat_template.jinja")) == "{{ messages }}\n");
  CHECK(as_text(files.at("tokenizer_config.json")) == "{ \"eos_token\":\"<eos>\"}");
  CHECK(as_text(files.at("special_tokens_map.json")) == "{}");
  CHECK_FALSE(files.contains("notes.txt"));
  auto generation = boost::json::parse(as_text(files.at("generation_config.json"))).as_object();
  CHECK(generation.at("temperature") == 0.6);
  CHECK(generation.at("top_k") == 7);
  CHECK(generation.at("eos_token_id") == boost::json::array{0, 3});
  CHECK(generation.at("pad_token_id") == 2);
  // Of a folder that has none, a checkpoint says at least where a completion ends.
  auto fresh = hf_files(loaded.config, folder.tokenizer_, *loaded.arena);
  generation = boost::json::parse(as_text(fresh.at("generation_config.json"))).as_object();
  CHECK(generation.at("eos_token_id") == boost::json::array{0, 3});
  CHECK(std::find(loaded.files.begin(), loaded.files.end(), "chat_template.jinja") !=
        loaded.files.end());
}
