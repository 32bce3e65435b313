// `qwen-embed launch --dry-run`: what a launch would do with this machine and a model, and what it would fetch of it first.
import type { Settings } from '../../config/options.ts';
import type { DownloadPlan } from '../../download/contract.ts';
import { findFetched, surveyUnfetched } from '../../launch/fetch-model.ts';
import { openTemplateFile } from '../../launch/chat-template.ts';
import { planService } from '../../launch/plan-service.ts';
import { planServer } from '../../launch/server-plan.ts';
import { readVersion } from '../../launch/version.ts';
import { settleWeights } from '../../launch/weights-options.ts';
import { findModel, type FoundModel } from '../../models/find-model.ts';
import type { ModelReference } from '../../models/reference.ts';
import { chooseModel } from '../../models/shipped-model.ts';
import type { DistantModel } from '../../models/survey-repo.ts';
import { describeDownload, renderDownload } from '../render-download.ts';
import { describePlan, renderPlan } from '../render-plan.ts';
import { printNotice, printResult } from '../terminal.ts';

/** Prints the plan. Faults: those of planning; of the hub, where a repository has not been fetched yet. */
export async function showPlan(wanted: Settings<'launch'>): Promise<number> {
  const named = findModel(chooseModel(wanted.modelPath).path);
  const settings = settleWeights(wanted, named);
  await checkServer(settings);
  const { model, download } = await lookAt(named, settings);
  const notice = download?.listing.notice ?? null;
  if (notice !== null) printNotice(notice);
  const plan = await planService(settings, model);
  if (settings.json) {
    const fetched = download === null ? null : describeDownload(download);
    printResult(JSON.stringify({ ...describePlan(plan), download: fetched }));
  } else {
    const parts = [renderPlan(plan, settings), ...(download === null ? [] : [renderDownload(download)])];
    printResult(parts.join('\n\n'));
  }
  return 0;
}

/** A launch refuses these before it plans. Faults: BAD_OPTION, FILE_UNREADABLE. */
async function checkServer(settings: Settings<'launch'>): Promise<void> {
  planServer(settings, readVersion());
  if (settings.chatTemplate === null) return;
  const template = await openTemplateFile(settings.chatTemplate, settings.chatTemplateName);
  await template.close();
}

/** A repository that has been fetched counts as here. */
async function lookAt(
  named: ModelReference,
  settings: Settings<'launch'>,
): Promise<{ model: FoundModel | DistantModel; download: DownloadPlan | null }> {
  if (named.kind !== 'hub') return { model: named, download: null };
  const path = findFetched(named, settings);
  return path === null ? surveyUnfetched(named, settings) : { model: { kind: 'gguf', path }, download: null };
}
