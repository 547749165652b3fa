using System.Runtime.ExceptionServices;

namespace ChatKit.Testing.Contracts;

/// <summary>Runs a case. Whatever the implementation throws unexpectedly violates the contract, and so does taking too long.</summary>
internal static class ContractRun
{
    public static async Task RunAsync<TChecks>(
        ContractCase<TChecks> contractCase, Func<CancellationToken, TChecks> createChecks, TimeSpan timeout)
    {
        using var end = new CancellationTokenSource();
        var running = Task.Run(() => contractCase.CheckAsync(createChecks(end.Token)));
        try
        {
            await running.WaitAsync(timeout).ConfigureAwait(false);
        }
        catch (TimeoutException) when (!running.IsCompleted)
        {
            throw new ContractException($"{contractCase.Name}: expected to end within {timeout.TotalSeconds} s, but it still runs.");
        }
        catch (ContractException e)
        {
            throw new ContractException($"{contractCase.Name}: {e.Message}", e);
        }
        catch (FixtureException e)
        {
            ExceptionDispatchInfo.Throw(e.InnerException!);
        }
        catch (Exception e)
        {
            throw new ContractException($"{contractCase.Name}: expected no exception, but {e.GetType()} was thrown: {e.Message}", e);
        }
        finally
        {
            await end.CancelAsync().ConfigureAwait(false);
        }
    }

    /// <summary>
    /// Calls a method of the class that tests the implementation. Its exceptions aren't of the implementation, and can have a meaning for the
    /// test framework: that the test is skipped, for example.
    /// </summary>
    public static async Task<T> CallFixtureAsync<T>(Func<Task<T>> method)
    {
        try
        {
            return await method().ConfigureAwait(false);
        }
        catch (Exception e)
        {
            throw new FixtureException(e);
        }
    }

    /// <inheritdoc cref="CallFixtureAsync{T}" />
    public static Task CallFixtureAsync(Func<Task> method) => CallFixtureAsync<object?>(async () =>
    {
        await method().ConfigureAwait(false);
        return null;
    });

    private sealed class FixtureException(Exception inner) : Exception(inner.Message, inner);
}
