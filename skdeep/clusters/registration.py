"""Backends of this room under names that joblib knows."""

from importlib import import_module

from joblib import register_parallel_backend


def register_dask() -> None:
    """Let `joblib.parallel_config(backend="dask")` survive the loss of workers.

    Replaces joblib's backend of that name in this process. Every call becomes a task of
    its own on the cluster that the last `distributed.Client` is connected to; arguments
    with a hundred rows or more, such as data and the indices of folds, are sent to all
    workers once for each search. What a killed worker was doing is done again by
    another one, and data that was lost with it is sent again; after three losses the
    error of Dask is raised. Parallel calls inside of a task run one after the other, so
    that a worker never uses more processors than it was started for.

    Beside `backend` and `n_jobs`, `joblib.parallel_config` then takes `client` (a
    `distributed.Client`), `scatter` (a list of objects to keep on the workers while the
    context is open, for several searches on the same data) and the keyword arguments of
    `distributed.Client.submit` such as `resources={"GPU": 1}`. All workers of the
    cluster are used, whatever `n_jobs`, but with 1 none. When there has been no worker
    for five minutes, or for `wait_for_workers_timeout` seconds if that is longer, a
    `RuntimeError` is raised.

    Raises
    ------
    ModuleNotFoundError
        If the extra `dask` is not installed; the message has the command to run.

    See Also
    --------
    register_ray : The same for Ray.

    Notes
    -----
    Scores are those of one process to the last bit if all processes compute with the
    same number of threads on the same kind of machine. They do so by themselves, unless
    you have chosen a number here: then set ``TF_NUM_INTRAOP_THREADS`` to it in the
    environment of the workers. A `UserWarning` after the search says when numbers
    differed. Start one worker for each processor core.

    Examples
    --------
    >>> from skdeep.clusters import register_dask
    >>> register_dask()  # doctest: +SKIP
    """
    _register("dask", "distributed", "skdeep.clusters.dask_backend", "DaskBackend")


def register_ray() -> None:
    """Let `joblib.parallel_config(backend="ray")` survive the loss of workers.

    Takes the place of `ray.util.joblib.register_ray`, whose backend keeps one actor for
    each worker: when one dies, the search ends with an error. Here every call is a task
    of its own, which Ray starts again, three times at most, when its worker died;
    arguments with a hundred rows or more, such as data and the indices of folds, are
    put into Ray's memory once for each search, where all workers of a machine read
    them without a copy. Parallel calls inside of a task run one after the other.

    Call `ray.init` first. Beside `backend` and `n_jobs`, `joblib.parallel_config` then
    takes `scatter` (a list of objects to keep in Ray's memory while the context is
    open, for several searches on the same data) and `ray_remote_args` (options of a
    task such as ``{"num_gpus": 1}``; the default is one processor, three retries). All
    workers of the cluster are used, whatever `n_jobs`, but with 1 none.

    Raises
    ------
    ModuleNotFoundError
        If the extra `ray` is not installed; the message has the command to run.

    See Also
    --------
    register_dask : The same for Dask, with notes on threads that hold here, too.

    Examples
    --------
    >>> from skdeep.clusters import register_ray
    >>> register_ray()  # doctest: +SKIP
    """
    _register("ray", "ray", "skdeep.clusters.ray_backend", "RayBackend")


def _register(name: str, library: str, module: str, backend: str) -> None:
    """Register a backend, or say which extra is missing."""
    try:
        import_module(library)
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            f"The backend {name!r} needs {error.name}, which is not installed. Run: "
            f'python -m pip install "scikit-deep[{name}]"',
            name=error.name,
        ) from error
    register_parallel_backend(name, getattr(import_module(module), backend))
