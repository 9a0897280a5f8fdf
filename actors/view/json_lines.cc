// Events as JSON lines: to a descriptor, and to RUN/metrics.jsonl.

#include "actors/messages/run_event.h"
#include "actors/view/fields.h"
#include "actors/view/output.h"
#include "runtime/base/json_text.h"
#include "runtime/base/line_file.h"

namespace tramontane {

namespace {

bool lasting(const RunEvent& event) {
  std::string what = text(event, "event");
  return what != "status" && what != "dashboard";
}

class JsonView final : public EventSink {
 public:
  explicit JsonView(std::shared_ptr<Output> output) : output_(std::move(output)) {}

  void event(const RunEvent& event) override {
    if (text(event, "event") != "status") output_->write(json_text(event) + "\n");
  }

 private:
  std::shared_ptr<Output> output_;
};

class MetricsFile final : public EventSink {
 public:
  explicit MetricsFile(const std::string& run_folder) : lines_(run_folder + "/metrics.jsonl") {}

  void event(const RunEvent& event) override {
    if (!lasting(event)) return;
    if (auto error = lines_.append(json_text(event))) throw Error(*error);
  }

  void close() override { lines_.close(); }

 private:
  LineFile lines_;
};

}  // namespace

std::unique_ptr<EventSink> json_view(std::shared_ptr<Output> output) {
  return std::make_unique<JsonView>(std::move(output));
}

std::unique_ptr<EventSink> metrics_file(const std::string& run_folder) {
  return std::make_unique<MetricsFile>(run_folder);
}

}  // namespace tramontane
