using System.Text.Json;
using ChatKit.Client.Outboxes;

namespace ChatKit.Client;

/// <summary>
/// Keeps the outbox of a client in a file, so that it survives a restart and a crash of the process. Changes are appended; now and then, the file
/// is written anew and renamed. A line that a crash has torn is ignored.
/// </summary>
/// <remarks>
/// The file contains the messages in plain text. On Unix, only its owner can read it. A second process that opens the same file fails: the lock is
/// a file of the same name with the extension <c>.lock</c>.
/// </remarks>
public sealed class FileOutboxStorage : IOutboxStorage
{
    /// <summary>The number of lines that don't count anymore, from which the file is written anew.</summary>
    private const int MaxDeadLines = 256;

    private readonly string _path;
    private readonly Dictionary<string, StoredMessage> _messages = [];
    private readonly List<string> _order = [];
    private FileStream? _lock;
    private FileStream? _file;
    private int _deadLines;

    /// <summary>Creates a storage. The file is opened when the client connects, or sends its first message.</summary>
    /// <param name="path">The path of the file. Its folder must exist.</param>
    /// <exception cref="ArgumentException"><paramref name="path"/> is empty.</exception>
    public FileOutboxStorage(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        _path = Path.GetFullPath(path);
    }

    /// <summary>
    /// Whether to write each change through to the disk, so that it also survives a crash of the machine. This costs milliseconds for each
    /// message. Default: false.
    /// </summary>
    public bool FlushToDisk { get; init; }

    /// <inheritdoc/>
    /// <exception cref="IOException">Another process uses the file, or it can't be read.</exception>
    public Task<IReadOnlyList<StoredMessage>> LoadAsync(CancellationToken cancellationToken)
    {
        try
        {
            _lock ??= new FileStream(_path + ".lock", Options(FileMode.OpenOrCreate, FileShare.None));
        }
        catch (IOException e)
        {
            throw new IOException($"The outbox '{_path}' can't be opened. Perhaps another process uses it; give each client a file of its own.", e);
        }

        Read();
        Rewrite();
        return Task.FromResult<IReadOnlyList<StoredMessage>>([.. Live()]);
    }

    /// <inheritdoc/>
    /// <exception cref="IOException">The file can't be written.</exception>
    public Task SaveAsync(StoredMessage message, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(message);
        Append(OutboxLine.Write(message));
        Put(message);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    /// <exception cref="IOException">The file can't be written.</exception>
    public Task RemoveAsync(string reference, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(reference);
        if (!_messages.Remove(reference))
            return Task.CompletedTask;
        _order.Remove(reference);
        _deadLines += 2;
        if (_messages.Count == 0 && _file is not null)
        {
            _file.SetLength(0);
            _deadLines = 0;
            return Task.CompletedTask;
        }

        Append(OutboxLine.WriteRemoval(reference));
        if (_deadLines > MaxDeadLines && _deadLines > 2 * _messages.Count)
            Rewrite();
        return Task.CompletedTask;
    }

    /// <summary>Closes the file.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_file is not null)
            await _file.DisposeAsync().ConfigureAwait(false);
        if (_lock is not null)
            await _lock.DisposeAsync().ConfigureAwait(false);
        (_file, _lock) = (null, null);
    }

    private static FileStreamOptions Options(FileMode mode, FileShare share)
    {
        var options = new FileStreamOptions { Mode = mode, Access = FileAccess.ReadWrite, Share = share, BufferSize = 0 };
        if (mode != FileMode.Open && !OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        return options;
    }

    private IEnumerable<StoredMessage> Live() => _order.Select(reference => _messages[reference]);

    private void Put(StoredMessage message)
    {
        if (_messages.TryAdd(message.Ref, message))
        {
            _order.Add(message.Ref);
            return;
        }

        _messages[message.Ref] = message;
        _deadLines++;
    }

    private void Read()
    {
        _messages.Clear();
        _order.Clear();
        if (!File.Exists(_path))
            return;
        ReadOnlyMemory<byte> rest = File.ReadAllBytes(_path);

        // What follows the last line break is torn.
        while (rest.Span.IndexOf((byte)'\n') is >= 0 and var length)
        {
            try
            {
                if (OutboxLine.Read(rest[..length]) is (var reference, var message))
                {
                    if (message is not null)
                        Put(message);
                    else if (_messages.Remove(reference))
                        _order.Remove(reference);
                }
            }
            catch (JsonException)
            {
                // Torn, and another one was appended.
            }

            rest = rest[(length + 1)..];
        }
    }

    /// <summary>Writes what is live into another file, which then takes the place of this one.</summary>
    private void Rewrite()
    {
        _file?.Dispose();
        _file = null;
        var next = _path + ".new";
        using (var file = new FileStream(next, Options(FileMode.Create, FileShare.Read)))
        {
            foreach (var message in Live())
                file.Write(OutboxLine.Write(message));
            file.Flush(flushToDisk: true);
        }

        File.Move(next, _path, overwrite: true);
        _file = new FileStream(_path, Options(FileMode.Open, FileShare.Read));
        _file.Seek(0, SeekOrigin.End);
        _deadLines = 0;
    }

    private void Append(byte[] line)
    {
        var file = _file ?? throw new IOException($"The outbox '{_path}' isn't open.");
        var length = file.Length;
        try
        {
            file.Seek(length, SeekOrigin.Begin);
            file.Write(line);
            file.Flush(FlushToDisk);
        }
        catch (IOException)
        {
            file.SetLength(length);
            throw;
        }
    }
}
