namespace ChatRoom.Tests;

/// <summary>Tests that require a browser. If there is none, they are skipped before they start anything.</summary>
public abstract class BrowserTests
{
    protected BrowserTests() => Requirement.Chromium();
}
