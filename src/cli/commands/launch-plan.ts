// `qwen-embed launch --dry-run`: what a launch would do with this machine and a model that is here.
import type { Settings } from '../../config/options.ts';
import { Fault } from '../../faults.ts';
import { findFetched } from '../../launch/fetch-model.ts';
import { planService } from '../../launch/plan-service.ts';
import { describePlan, renderPlan } from '../../launch/render-plan.ts';
import { settleWeights } from '../../launch/weights-options.ts';
import { findModel, type FoundModel } from '../../models/find-model.ts';
import type { ModelReference } from '../../models/reference.ts';
import { chooseModel } from '../../models/shipped-model.ts';
import { printResult } from '../terminal.ts';

/** Prints the plan. Faults: those of planning; MODEL_MISSING where a repository has not been fetched yet. */
export async function showPlan(wanted: Settings<'launch'>): Promise<number> {
  const named = findModel(chooseModel(wanted.modelPath).path);
  const settings = settleWeights(wanted, named);
  const plan = await planService(settings, modelHere(named, settings));
  printResult(settings.json ? JSON.stringify(describePlan(plan)) : renderPlan(plan, settings));
  return 0;
}

function modelHere(named: ModelReference, settings: Settings<'launch'>): FoundModel {
  if (named.kind !== 'hub') return named;
  const path = findFetched(named, settings);
  if (path !== null) return { kind: 'gguf', path };
  throw new Fault('MODEL_MISSING', {
    path: named.repo,
    problem: 'no launch has fetched it yet, so its size in memory is not known',
    hint: `see its files with: qwen-embed download ${named.repo} --dry-run`,
  });
}
