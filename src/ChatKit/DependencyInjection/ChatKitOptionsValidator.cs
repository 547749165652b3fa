using Microsoft.Extensions.Options;

namespace ChatKit.DependencyInjection;

internal sealed class ChatKitOptionsValidator : IValidateOptions<ChatKitOptions>
{
    public ValidateOptionsResult Validate(string? name, ChatKitOptions options)
    {
        string?[] problems =
        [
            options.UserId is null
                ? $"{nameof(ChatKitOptions)}.{nameof(options.UserId)} must not be null. Leave it unset to use the claims NameIdentifier and sub."
                : null,
            Problem(nameof(options.HistoryCapacity), options.HistoryCapacity, 0, ChatKitOptions.MaxHistoryCapacity),
            Problem(nameof(options.MaxRoomsInMemory), options.MaxRoomsInMemory, 1, 10_000_000),
            Problem(nameof(options.RoomTimeToLive), options.RoomTimeToLive, TimeSpan.FromSeconds(1), TimeSpan.FromDays(36_500)),
            Problem(nameof(options.MaxRoomsPerConnection), options.MaxRoomsPerConnection, 1, 100_000),
            Problem(nameof(options.PresenceListLimit), options.PresenceListLimit, 0, 1_000_000),
            Problem(nameof(options.CloseTimeout), options.CloseTimeout, TimeSpan.FromMilliseconds(100), TimeSpan.FromHours(1)),
            Problem(nameof(options.DrainTime), options.DrainTime, TimeSpan.Zero, TimeSpan.FromHours(1)),
            Problem(nameof(options.RoomCheckInterval), options.RoomCheckInterval, TimeSpan.FromMilliseconds(10), TimeSpan.FromHours(1)),
        ];
        var found = problems.OfType<string>().ToList();
        return found.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(found);
    }

    private static string? Problem<T>(string property, T value, T min, T max)
        where T : IComparable<T> =>
        OptionRange.Problem($"{nameof(ChatKitOptions)}.{property}", value, min, max);
}
