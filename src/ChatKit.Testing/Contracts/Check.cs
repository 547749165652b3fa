using System.Runtime.CompilerServices;

namespace ChatKit.Testing.Contracts;

/// <summary>The assertions of the contracts. Each failure says what was looked at, what was expected, and what was found.</summary>
internal static class Check
{
    public static void Equal<T>(T expected, T found, [CallerArgumentExpression(nameof(found))] string what = "")
    {
        if (!EqualityComparer<T>.Default.Equals(expected, found))
            Fail(what, Description.Of(expected), Description.Of(found));
    }

    public static void NotEqual<T>(T unexpected, T found, [CallerArgumentExpression(nameof(found))] string what = "")
    {
        if (EqualityComparer<T>.Default.Equals(unexpected, found))
            Fail(what, "anything but " + Description.Of(unexpected), Description.Of(found));
    }

    public static void Sequence<T>(IEnumerable<T> expected, IEnumerable<T> found, [CallerArgumentExpression(nameof(found))] string what = "")
    {
        T[] all = [.. expected], come = [.. found];
        if (all.AsSpan().SequenceEqual(come, EqualityComparer<T>.Default))
            return;
        var index = all.Zip(come).TakeWhile(static pair => EqualityComparer<T>.Default.Equals(pair.First, pair.Second)).Count();
        Fail($"{what}, which differs at index {index}", Description.OfItems(all, index), Description.OfItems(come, index));
    }

    public static void Empty<T>(IEnumerable<T> found, [CallerArgumentExpression(nameof(found))] string what = "") => Sequence([], found, what);

    /// <summary>Returns the only item.</summary>
    public static T Single<T>(IEnumerable<T> found, [CallerArgumentExpression(nameof(found))] string what = "")
    {
        T[] all = [.. found];
        if (all.Length != 1)
            Fail(what, "one item", $"{all.Length}: {Description.OfItems(all)}");
        return all[0];
    }

    public static void InRange<T>(T found, T min, T max, [CallerArgumentExpression(nameof(found))] string what = "")
        where T : IComparable<T>
    {
        if (found.CompareTo(min) < 0 || found.CompareTo(max) > 0)
            Fail(what, $"{min} to {max}", Description.Of(found));
    }

    public static void True(bool found, string? when = null, [CallerArgumentExpression(nameof(found))] string what = "")
    {
        if (!found)
            Fail(when is null ? what : $"{what}, when {when}", "true", "false");
    }

    public static void Null(object? found, [CallerArgumentExpression(nameof(found))] string what = "")
    {
        if (found is not null)
            Fail(what, "null", Description.Of(found));
    }

    public static void Each<T>(IEnumerable<T> items, Action<T> check)
    {
        foreach (var item in items)
            check(item);
    }

    /// <summary>Checks that an operation throws exactly this type of exception.</summary>
    public static Task ThrowsAsync<TException>(Func<Task> operation, [CallerArgumentExpression(nameof(operation))] string what = "")
        where TException : Exception =>
        ThrowsAsync(operation, typeof(TException).Name, static e => e.GetType() == typeof(TException), what);

    /// <summary>Checks that an operation throws this type of exception, or one that is derived from it.</summary>
    public static Task ThrowsAnyAsync<TException>(Func<Task> operation, [CallerArgumentExpression(nameof(operation))] string what = "")
        where TException : Exception =>
        ThrowsAsync(operation, typeof(TException).Name, static e => e is TException, what);

    private static async Task ThrowsAsync(Func<Task> operation, string expected, Func<Exception, bool> isExpected, string what)
    {
        try
        {
            await operation().ConfigureAwait(false);
        }
        catch (Exception e) when (isExpected(e))
        {
            return;
        }
        catch (Exception e)
        {
            throw new ContractException(Text(what, $"to throw {expected}", $"{e.GetType().Name}: {e.Message}"), e);
        }

        Fail(what, $"to throw {expected}", "no exception");
    }

    private static void Fail(string what, string expected, string found) => throw new ContractException(Text(what, expected, found));

    private static string Text(string what, string expected, string found) =>
        $"""
        {what.ReplaceLineEndings(" ")}
          expected: {expected}
          found:    {found}
        """;
}
