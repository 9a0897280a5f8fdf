#pragma once
// An Exposition is figures in the text format of Prometheus (version 0.0.4).
//
//   Exposition out;
//   out.family("job_state", "gauge", "Of each state whether the job is in it; 1 or 0");
//   out.sample(1, {{"job_id", "3"}, {"state", "running"}});
//   response.body = out.take();
//
// Every family is written once, with its samples behind it; its help ends with the unit. Thread
// rule: one thread.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tramontane {

class Exposition {
 public:
  using Labels = std::vector<std::pair<const char*, std::string>>;

  void family(const std::string& name, const char* type, std::string_view help);

  // Of the family that was named last; none of what is not a number.
  void sample(double value, const Labels& labels = {});

  // A family of one sample; none where it is not a number.
  void one(const std::string& name, const char* type, std::string_view help, double value,
      const Labels& labels = {});

  std::string take() { return std::move(out_); }

 private:
  std::string name_;
  std::string out_;
};

}  // namespace tramontane
