#pragma once
// A model as a folder in the Hugging Face layout: config.json, model.safetensors (or several, with
// model.safetensors.index.json), a tokenizer, and the end tokens of generation_config.json. What
// else readers of such a folder look for (chat template, special tokens) is kept as it was.
//
// The tokenizer is tokenizer.json; where there is none tekken.json, and else tokenizer.model.
//
//   HfFolder model = load_hf_folder("/models/tiny");
//   auto files = hf_files(model.config, model.tokenizer.to_json(), *model.arena, model.carried);

#include "actors/model/arena.h"
#include "actors/model/model_config.h"
#include "actors/model/tokenizer/tokenizer.h"
#include "runtime/base/bytes.h"
#include "runtime/base/pieces.h"

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace tramontane {

struct HfFolder {
  ModelConfig config;
  Tokenizer tokenizer;
  std::shared_ptr<Arena> arena;          // float32, not sealed
  std::vector<std::string> files;        // that it was read from
  std::map<std::string, Bytes> carried;  // of them, by name: what is only passed on
};

// float32, bfloat16 and float16 tensors load. Every error names the file; one about tensors lists
// all that are missing, not known, or of another shape, with the shape expected and found. Where a
// checkpoint's manifest lies beside them, files that are not as it says are Error(corrupt).
//
// A head that lies in the file although config.json says that it is the embedding counts if it
// differs, as in transformers 5.x; the config then says so. Of a model of text and images
// (Mistral3ForConditionalGeneration) the text part is read, and becomes a model of its own.
HfFolder load_hf_folder(const std::string& path);

// The same from the bytes that hf_files() wrote, by name; `path` is for the errors.
HfFolder load_hf_files(const std::string& path, const std::map<std::string, Bytes>& files);

// The folder's files by name, for whoever writes a checkpoint: those of `carried` as they are, but
// generation_config.json, which gets the config's end tokens.
std::map<std::string, Bytes> hf_files(const ModelConfig& config, const std::string& tokenizer_json,
    const Arena& arena, const std::map<std::string, Bytes>& carried = {});

// The same, which borrow the parameters (laid out by model_manifest) and `carried`.
std::map<std::string, Pieces> hf_pieces(const ModelConfig& config,
    const std::string& tokenizer_json, ByteView parameters,
    const std::map<std::string, Bytes>& carried);

}  // namespace tramontane
