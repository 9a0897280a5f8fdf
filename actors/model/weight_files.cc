#include "actors/model/weight_files.h"

#include "runtime/base/check.h"
#include "runtime/base/result.h"
#include "storage/file.h"

#include <boost/json.hpp>

#include <filesystem>

namespace tramontane {

namespace {

namespace json = boost::json;

struct OtherForm {
  std::string_view begin;  // of a file's name
  std::string_view end;
  std::string_view what;
  std::string_view remedy;
};

constexpr std::string_view save_again =
    "load it in transformers and save it with save_pretrained(FOLDER, safe_serialization=True)";

constexpr OtherForm other_forms[] = {
    {"consolidated", ".safetensors", "Mistral's own weights, which go with params.json",
        "take the model-*.safetensors and config.json that are published beside it, or convert it "
        "with transformers' convert_mistral_weights_to_hf.py"},
    {"consolidated", ".pth", "the original weights of Llama",
        "take the model-*.safetensors that are published beside it, or convert it with "
        "transformers' convert_llama_weights_to_hf.py"},
    {"pytorch_model", ".bin", "a pickle, which is a program", save_again},
    {"pytorch_model", ".bin.index.json", "an index of pickles, which are programs", save_again},
    {"adapter_model", {}, "an adapter to another model",
        "merge it into that one with peft's merge_and_unload(), and save that"},
    {"", ".gguf", "a file of llama.cpp", "take the model-*.safetensors that it was made from"},
    {"tf_model", ".h5", "weights for TensorFlow", save_again},
    {"flax_model", ".msgpack", "weights for Flax", save_again},
    {"params", ".json", "the shape of a model in Mistral's own words",
        "take the config.json and model-*.safetensors that are published beside it"},
};

std::set<std::string> indexed(const std::string& index) {
  boost::system::error_code code;
  Bytes bytes = system_files()->read(index);
  json::value value = json::parse(as_text(bytes), code);
  const json::value* map =
      !code && value.is_object() ? value.as_object().if_contains("weight_map") : nullptr;
  if (map == nullptr || !map->is_object())
    throw Error(Errc::bad_input, index + ": no 'weight_map' object");
  std::set<std::string> names;
  for (const auto& [tensor, file] : map->as_object()) {
    std::string name = file.is_string() ? json::value_to<std::string>(file) : "";
    if (name.empty() || name.find('/') != std::string::npos)
      throw Error(Errc::bad_input,
          str(index, ": tensor '", tensor, "' has no file name within the folder"));
    names.insert(name);
  }
  return names;
}

}  // namespace

void refuse_other_forms(const std::string& folder) {
  std::error_code code;
  std::set<std::string> there;  // in order, so that the same one is named
  for (const auto& entry : std::filesystem::directory_iterator(folder, code))
    there.insert(entry.path().filename().string());
  for (const OtherForm& form : other_forms)
    for (const std::string& name : there)
      if (name.starts_with(form.begin) && name.ends_with(form.end))
        throw Error(Errc::unsupported,
            str(folder, "/", name, " is ", form.what, ", and not read; ", form.remedy));
}

std::set<std::string> weight_files(const std::string& folder) {
  constexpr const char* single = "model.safetensors";
  std::string index = folder + "/model.safetensors.index.json";
  if (std::filesystem::exists(index)) return indexed(index);
  if (!std::filesystem::exists(str(folder, "/", single))) refuse_other_forms(folder);
  return {single};
}

std::optional<std::string> text_tensor(std::string_view name) {
  for (std::string_view images : {"vision_tower.", "multi_modal_projector.", "vision_encoder.",
           "vision_language_adapter.", "patch_merger."})
    for (std::string_view outer : {"", "model."})
      if (name.starts_with(str(outer, images))) return std::nullopt;
  // The longer before the shorter.
  for (std::string_view prefix :
      {"model.language_model.model.", "language_model.model.", "model.language_model."})
    if (name.starts_with(prefix)) return str("model.", name.substr(prefix.size()));
  constexpr std::string_view head = "language_model.lm_head.";
  if (name.starts_with(head)) return str("lm_head.", name.substr(head.size()));
  return std::string(name);
}

}  // namespace tramontane
