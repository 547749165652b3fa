namespace ChatKit.LoadTest.Growth;

/// <summary>An axis: where values are in the picture, and which of them are marked.</summary>
/// <param name="IsLogarithmic">Whether the same distance is the same factor.</param>
/// <param name="Low">The value at the start.</param>
/// <param name="High">The value at the end.</param>
/// <param name="Start">The coordinate of the start.</param>
/// <param name="End">The coordinate of the end.</param>
/// <param name="Ticks">The values that are marked.</param>
internal sealed record Scale(bool IsLogarithmic, double Low, double High, double Start, double End, double[] Ticks)
{
    /// <summary>A linear axis from zero, with two to four round values.</summary>
    public static Scale FromZero(double max, double start, double end)
    {
        var step = Math.Pow(10, Math.Floor(Math.Log10(max)));
        step *= max / step < 2 ? 0.5 : max / step < 4 ? 1 : max / step < 8 ? 2 : 4;
        var ticks = Enumerable.Range(0, (int)(max / step) + 1).Select(i => i * step).ToArray();
        return new Scale(false, 0, Math.Max(max * 1.05, step), start, end, ticks);
    }

    /// <summary>A logarithmic axis, with the powers of ten.</summary>
    public static Scale OfDecades(double min, double max, double start, double end)
    {
        var (first, last) = ((int)Math.Floor(Math.Log10(min)), (int)Math.Ceiling(Math.Log10(max)));
        var ticks = Enumerable.Range(first, last - first + 1).Select(static power => Math.Pow(10, power)).ToArray();
        return new Scale(true, ticks[0], Math.Max(ticks[^1], 10 * ticks[0]), start, end, ticks);
    }

    /// <summary>A logarithmic axis, with given values.</summary>
    public static Scale Of(int[] values, double start, double end) =>
        new(true, values.Min(), Math.Max(values.Max(), values.Min() + 1), start, end, [.. values]);

    public double At(double value) => Start + ((End - Start) * (Place(value) - Place(Low)) / (Place(High) - Place(Low)));

    private double Place(double value) => IsLogarithmic ? Math.Log10(value) : value;
}
