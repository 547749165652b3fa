namespace ChatKit;

/// <summary>Describes an option that is out of range: the property, its value, and the allowed range.</summary>
internal static class OptionRange
{
    public static string? Problem<T>(string property, T value, T min, T max)
        where T : IComparable<T> =>
        value.CompareTo(min) < 0 || value.CompareTo(max) > 0
            ? $"{property} is {value}; it must be between {min} and {max}."
            : null;
}
