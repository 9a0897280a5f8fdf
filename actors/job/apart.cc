#include "actors/job/apart.h"

#include "actors/job/job.h"

namespace tramontane {

Apart apart_of(const Job& job, bool otherwise) {
  const IsolationPlan& plan = job.isolation;
  Apart apart;
  apart.trainer = plan.trainer.value_or(otherwise);
  if (!job.reinforce) return apart;  // there is nobody else
  apart.ledger = plan.ledger.value_or(otherwise);
  apart.generator = plan.generator.value_or(otherwise);
  apart.verifier = plan.verifier.value_or(otherwise);
  apart.evaluator = plan.evaluator.value_or(otherwise);
  return apart;
}

}  // namespace tramontane
