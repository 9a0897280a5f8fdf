#include "actors/model/hf_folder.h"

#include "actors/model/policy.h"
#include "runtime/base/result.h"
#include "storage/checkpoint.h"
#include "storage/safetensors.h"
#include "tests/model/random_model.h"
#include "tests/support/temp_folder.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "tests/support/test.h"

using namespace tramontane;

namespace {

void write(const std::string& path, ByteView bytes) {
  std::ofstream out(path, std::ios::binary);
  out.write(
      reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
}

class Saved {
 public:
  explicit Saved(ModelConfig config) : config_(std::move(config)) {
    arena_ = random_weights(config_, 4);
    tokenizer_ = Tokenizer::of_characters({"<eos>"}, "abc").to_json();
    for (auto& [name, bytes] : hf_files(config_, tokenizer_, *arena_)) write(path(name), bytes);
  }

  std::string path(const std::string& name) const { return folder_.path() + "/" + name; }

  void overwrite(const std::string& name, const std::string& text) {
    write(path(name), as_bytes(text));
  }

  // Writes the tensors anew, each through `change`, which may drop one by returning false.
  template <class Change>
  void rewrite(Change change) {
    std::vector<SafetensorsSource> sources;
    for (const TensorEntry& t : arena_->manifest().tensors()) {
      SafetensorsSource s{t.name, "F32", t.shape, arena_->bytes().subspan(t.offset, t.size)};
      if (change(s)) sources.push_back(s);
    }
    write(path("model.safetensors"), write_safetensors(sources, {}));
  }

  std::string error() const {
    try {
      load_hf_folder(folder_.path());
    } catch (const Error& e) {
      return e.text();
    }
    return "accepted";
  }

  ModelConfig config_;
  std::shared_ptr<const Arena> arena_;
  std::string tokenizer_;
  TempFolder folder_;
};

ModelConfig small(const char* architecture = "LlamaForCausalLM") {
  ModelConfig c = preset("micro", 9);
  c.architecture = architecture;
  return c;
}

}  // namespace

TEST_CASE(
    "a checkpoint's weights, configuration and tokenizer load only as its manifest has them") {
  TempFolder folder;
  auto files = system_files();
  ModelConfig config = small();
  auto arena = random_weights(config, 4);
  CheckpointStore store(*files, folder.path(), {});
  auto saved = store.save(
      7, hf_files(config, Tokenizer::of_characters({"<eos>"}, "abc").to_json(), *arena), {});
  CHECK(std::ranges::equal(load_hf_folder(saved).arena->bytes(), arena->bytes()));
  for (const std::string name : {"model.safetensors", "config.json", "tokenizer.json"}) {
    auto whole = files->read(saved + "/" + name);
    for (std::size_t at : {whole.size() / 2, whole.size() - 2}) {
      auto bytes = whole;
      bytes[at] ^= std::byte{1};
      files->write(saved + "/" + name, bytes);
      std::string problem = "accepted";
      try {
        load_hf_folder(saved);
      } catch (const Error& error) {
        if (error.errc() == Errc::corrupt) problem = error.text();
      }
      CHECK(problem == saved + "/" + name + ": its content does not match its hash");
    }
    files->write(saved + "/" + name, whole);
  }
  CHECK_NOTHROW(load_hf_folder(saved));
}

TEST_CASE("a folder that was written loads with the same bits") {
  ModelConfig qwen2 = small("Qwen2ForCausalLM");
  qwen2.attention_bias = true;
  qwen2.tied_head = true;
  ModelConfig qwen3 = small("Qwen3ForCausalLM");
  qwen3.qk_norm = true;
  ModelConfig mixtral = preset("nano-moe", 9);
  ModelConfig qwen3_moe = small("Qwen3MoeForCausalLM");
  qwen3_moe.qk_norm = true;
  qwen3_moe.experts = 3;
  qwen3_moe.experts_per_token = 2;
  for (const ModelConfig& config : {small(), qwen2, qwen3, mixtral, qwen3_moe}) {
    Saved checkpoint(config);
    HfFolder loaded = load_hf_folder(checkpoint.folder_.path());
    CHECK(loaded.config == config);
    CHECK(loaded.tokenizer.to_json() == checkpoint.tokenizer_);
    loaded.arena->seal(1);
    CHECK(loaded.arena->fingerprint() == checkpoint.arena_->fingerprint());
  }
}

TEST_CASE("half precision is widened") {
  Saved checkpoint(small());
  std::vector<std::uint16_t> ones(9 * 16, 0x3f80);  // bfloat16 1.0
  std::vector<std::uint16_t> halves(16);            // float16
  halves[0] = 0x3800;                               // 0.5
  halves[1] = 0xc000;                               // -2
  halves[2] = 0x0001;                               // the least, 2^-24
  checkpoint.rewrite([&](SafetensorsSource& s) {
    if (s.name == "lm_head.weight") {
      s.dtype = "BF16";
      s.data = std::as_bytes(std::span(ones));
    } else if (s.name == "model.norm.weight") {
      s.dtype = "F16";
      s.data = std::as_bytes(std::span(halves));
    }
    return true;
  });
  HfFolder loaded = load_hf_folder(checkpoint.folder_.path());
  for (float f : loaded.arena->floats("lm_head.weight")) CHECK(f == 1.0F);
  auto norm = loaded.arena->floats("model.norm.weight");
  CHECK(norm[0] == 0.5F);
  CHECK(norm[1] == -2.0F);
  CHECK(norm[2] == 0x1p-24F);
  CHECK(norm[3] == 0.0F);
}

TEST_CASE("tensors that do not fit are all listed, with both shapes") {
  Saved checkpoint(small());
  std::vector<float> other(20);
  checkpoint.rewrite([&](SafetensorsSource& s) {
    if (s.name == "model.norm.weight") {
      s.shape = {20};
      s.data = std::as_bytes(std::span(other));
    }
    if (s.name == "lm_head.weight") s.name = "unknown.weight";
    return true;
  });
  std::string error = checkpoint.error();
  INFO(error);
  CHECK(error.find(checkpoint.folder_.path()) == 0);
  CHECK(error.find("model.safetensors: tensor 'model.norm.weight' has shape (20), expected (16)") !=
        std::string::npos);
  CHECK(error.find("tensor 'unknown.weight' is not of this model") != std::string::npos);
  CHECK(error.find("tensor 'lm_head.weight' (9, 16) is missing") != std::string::npos);
}

TEST_CASE("what is broken is named by its file") {
  Saved checkpoint(small());
  checkpoint.overwrite("model.safetensors", "short");
  CHECK(checkpoint.error().find("/model.safetensors: safetensors: only 5 bytes long") !=
        std::string::npos);
  checkpoint.overwrite("tokenizer.json", "{");
  CHECK(checkpoint.error().find("/tokenizer.json: not JSON") != std::string::npos);
  checkpoint.overwrite("config.json", "{}");
  CHECK(checkpoint.error().find("/config.json: no field 'architectures'") != std::string::npos);
  std::filesystem::remove(checkpoint.path("config.json"));
  CHECK(checkpoint.error().find("is no model: it has no config.json") != std::string::npos);
}

TEST_CASE("weights in several files load through their index") {
  Saved checkpoint(small());
  std::string map;
  std::vector<SafetensorsSource> parts[2];
  for (const TensorEntry& t : checkpoint.arena_->manifest().tensors()) {
    std::size_t part = map.size() % 2;
    map += (map.empty() ? "\"" : ",\"") + t.name + "\":\"part-" + std::to_string(part) +
           ".safetensors\"";
    parts[part].push_back(
        {t.name, "F32", t.shape, checkpoint.arena_->bytes().subspan(t.offset, t.size)});
  }
  for (std::size_t i = 0; i < 2; ++i)
    write(checkpoint.path("part-" + std::to_string(i) + ".safetensors"),
        write_safetensors(parts[i], {}));
  std::filesystem::remove(checkpoint.path("model.safetensors"));
  checkpoint.overwrite("model.safetensors.index.json", "{\"weight_map\":{" + map + "}}");
  HfFolder loaded = load_hf_folder(checkpoint.folder_.path());
  loaded.arena->seal(1);
  CHECK(loaded.arena->fingerprint() == checkpoint.arena_->fingerprint());
  checkpoint.overwrite(
      "model.safetensors.index.json", R"({"weight_map":{"a":"../../etc/passwd"}})");
  CHECK(checkpoint.error().find("no file name within the folder") != std::string::npos);
}

TEST_CASE("experts lie under the names of their architecture") {
  Manifest mixtral = model_manifest(preset("nano-moe", 9));
  for (const char* name :
      {"gate.weight", "experts.0.w1.weight", "experts.3.w2.weight", "experts.3.w3.weight"})
    CHECK(mixtral.find(std::string("model.layers.2.block_sparse_moe.") + name) != nullptr);
  CHECK(mixtral.find("model.layers.0.block_sparse_moe.experts.4.w1.weight") == nullptr);
  CHECK(mixtral.find("model.layers.0.block_sparse_moe.experts.1.w2.weight")->shape ==
        std::vector<std::int64_t>{64, 80});
  ModelConfig c = small("Qwen3MoeForCausalLM");
  c.experts = 3;
  Manifest qwen = model_manifest(c);
  for (const char* name : {"gate.weight", "experts.2.gate_proj.weight", "experts.2.up_proj.weight",
           "experts.2.down_proj.weight"})
    CHECK(qwen.find(std::string("model.layers.0.mlp.") + name) != nullptr);
  CHECK(qwen.find("model.layers.0.mlp.gate.weight")->shape == std::vector<std::int64_t>{3, 16});
  CHECK(qwen.find("model.layers.0.mlp.gate_proj.weight") == nullptr);
}

TEST_CASE("a tokenizer is tokenizer.json, else tekken.json, else tokenizer.model") {
  Saved saved(small());
  saved.overwrite("tokenizer.model", "none");
  saved.overwrite("tekken.json", "none");
  CHECK(saved.error() == "accepted");
  std::filesystem::remove(saved.path("tokenizer.json"));
  CHECK(saved.error().find("/tekken.json: not JSON") != std::string::npos);
  std::filesystem::remove(saved.path("tekken.json"));
  CHECK(saved.error().find("/tokenizer.model: ") != std::string::npos);
  std::filesystem::remove(saved.path("tokenizer.model"));
  CHECK(saved.error().find("has no tokenizer: tokenizer.json, tekken.json or tokenizer.model") !=
        std::string::npos);
}
