/** One path that a diff touches. A rename is a removal and an addition, so that both names are judged. */
export interface PathChange {
  path: string;
  change: 'added' | 'removed' | 'modified';
  /** Git's file mode, e.g. `100644`, `120000` for a symlink, `160000` for a submodule. */
  mode: string;
}
